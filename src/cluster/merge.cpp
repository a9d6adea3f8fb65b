// Parts into one feature set: by a manifest, or copied.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "cluster/claim.h"
#include "cluster/job_folder.h"
#include "cluster/moments_part.h"
#include "cluster/part_record.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/watched.h"
#include "data/feature_meta.h"
#include "data/set_parts.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/moments.h"
#include "gradspace/output_lock.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

/// Rows that are copied at a time: some megabytes.
constexpr std::size_t kRowsACopy = 2048;

class Merging {
 public:
  Merging(const fs::path& job, const MergeOptions& options, const JobObserver& observer)
      : job_(job), plan_(read_plan(job)), options_(options), watched_(observer) {}

  MergeResult run() {
    const OutputLock lock = OutputLock::of_folder(job_.path());
    check_parts();
    clear_up();
    if (!watched_.stopped() && (result_.missing.empty() || options_.allow_missing)) {
      if (parts_.empty()) {
        throw InvalidArgument(fmt::format("{}: has no part to merge", job_.path().string()));
      }
      write();
    }
    result_.parts = parts_.size();
    result_.stopped = watched_.stopped();
    return result_;
  }

 private:
  /// Collects the parts that are good. Those that are not are set aside.
  void check_parts() {
    const std::size_t count = plan_.shards.size();
    const std::vector<bool> there = shards_with_part(job_, count);
    std::vector<std::optional<SetPart>> found(count);
    Counted counted(watched_, count);
    parallel_for(count, [&](std::size_t i) {
      if (!watched_.stop() && there[i]) {
        found[i] = checked(static_cast<std::uint32_t>(i));
      }
      counted.add();
    });
    for (std::uint32_t shard = 0; shard < count; ++shard) {
      if (!found[shard]) {
        result_.missing.push_back(shard);
        continue;
      }
      result_.rows += found[shard]->rows;
      result_.failures += found[shard]->failures;
      parts_.push_back(*std::move(found[shard]));
    }
  }

  std::optional<SetPart> checked(std::uint32_t shard) {
    const fs::path folder = job_.part(shard);
    try {
      const PartRecord record = check_part(folder, plan_, shard);
      if (options_.verify) {
        verify_part(folder);
      }
      return SetPart{(folder.lexically_relative(job_.path())).string(), record.rows,
                     record.failures, record.meta_sha256};
    } catch (const FormatError& error) {
      watched_.failure(fmt::format("shard {}: its part is set aside: {}", shard, error.what()));
      job_.set_aside(shard);
    } catch (const IoError& error) {  // the part may be good
      watched_.failure(fmt::format("shard {}: {}", shard, error.what()));
    }
    return std::nullopt;
  }

  /// Removes what workers that were killed right after they had put a part in place could not remove any more.
  void clear_up() const {
    for (const auto& [shard, number] : list_claims(job_, plan_.shards.size())) {
      if (!std::ranges::binary_search(result_.missing, shard)) {
        clear_up_behind(job_, shard, number);
      }
    }
  }

  /// What all shards have in common.
  std::string common_source() const {
    const std::string& uri = plan_.shards.front().uri;
    std::string source = uri.substr(0, uri.size() - shard_names(plan_.shards).front().size());
    if (source.size() > 1 && source.ends_with('/')) {
      source.pop_back();
    }
    return source;
  }

  /// As one `extract` of all images would note it, but for the digest of their list.
  FeatureSetMeta merged_meta() const {
    const fs::path first = job_.path() / parts_.front().folder / "meta.json";
    FeatureSetMeta meta = parse_feature_meta(read_text_file(first), first.string()).meta;
    meta.source = common_source();
    meta.source_images = result_.rows + result_.failures;
    meta.source_digest = plan_.digest;
    return meta;
  }

  void write() {
    if (plan_.options.moments) {
      add_moments();
      return;
    }
    const FeatureSetMeta meta = merged_meta();
    if (options_.copy.empty()) {
      write_file(job_.path() / kSetManifest, set_manifest_to_json(meta, parts_));
    } else {
      copy(meta);
    }
  }

  /// Shards that are missing leave the others where they are in the tree.
  void add_moments() {
    MomentsTree tree;
    std::size_t done = 0;
    const std::vector<std::uint32_t> missing = result_.missing;
    for (std::uint32_t shard = 0; shard < plan_.shards.size() && !watched_.stop(); ++shard) {
      const bool is_missing = std::ranges::binary_search(missing, shard);
      tree.add(is_missing ? std::nullopt : moments_of_part(shard));
      watched_.progress(done += is_missing ? 0 : 1, parts_.size());
    }
    if (watched_.stopped() || (!result_.missing.empty() && !options_.allow_missing)) {
      return;
    }
    FeatureMoments sum = tree.finish();
    sum.meta.source = common_source();
    write_moments(options_.copy.empty() ? job_.path() / kMomentsFile : options_.copy, sum);
  }

  /// Nothing of a part that turns out to be damaged, which is set aside.
  std::optional<FeatureMoments> moments_of_part(std::uint32_t shard) {
    try {
      return read_moments(job_.part(shard));
    } catch (const FormatError& error) {
      watched_.failure(fmt::format("shard {}: its part is set aside: {}", shard, error.what()));
    }
    const auto part = std::ranges::find(
        parts_, job_.part(shard).lexically_relative(job_.path()).string(), &SetPart::folder);
    result_.rows -= part->rows;
    result_.failures -= part->failures;
    parts_.erase(part);
    job_.set_aside(shard);
    result_.missing.insert(std::ranges::upper_bound(result_.missing, shard), shard);
    return std::nullopt;
  }

  void copy(const FeatureSetMeta& meta) {
    FeatureSetWriter writer(options_.copy, meta);
    std::uint64_t done = 0;  // images of the parts before
    for (std::size_t i = 0; i < parts_.size() && !watched_.stop(); ++i) {
      const std::uint64_t images = parts_[i].rows + parts_[i].failures;
      if (done + images > writer.images_done()) {
        const std::uint64_t from = std::max(writer.images_done(), done) - done;
        append(FeatureSet(job_.path() / parts_[i].folder), static_cast<std::size_t>(from), done,
               writer);
      }
      done += images;
      watched_.progress(i + 1, parts_.size());
    }
    if (!watched_.stopped()) {
      writer.finish();
    }
  }

  /// Appends a part from its row `from` on. Its failures go with its last rows, so that a set that was not finished
  /// holds of the part that it ends in nothing but rows.
  static void append(const FeatureSet& part, std::size_t from, std::uint64_t before,
                     FeatureSetWriter& writer) {
    std::vector<FeatureRow> rows;
    for (std::size_t begin = from; begin < part.size(); begin += kRowsACopy) {
      const std::size_t end = std::min(part.size(), begin + kRowsACopy);
      rows.clear();
      for (std::size_t i = begin; i < end; ++i) {
        rows.push_back(part.index_row(i));
        part.row(i);  // reads, and so verifies, its block; and makes float32 of float16
      }
      const bool last = end == part.size();
      const auto failures = last ? std::span(part.failures()) : std::span<const FailedImage>();
      writer.append(rows, {part.row(begin).data(), (end - begin) * part.dimension()},
                    before + end + failures.size(), failures);
    }
  }

  JobFolder job_;
  ShardPlan plan_;
  const MergeOptions& options_;
  Watched watched_;
  std::vector<SetPart> parts_;
  MergeResult result_;
};

}  // namespace

MergeResult merge_parts(const fs::path& job, const MergeOptions& options,
                        const JobObserver& observer) {
  return Merging(job, options, observer).run();
}

}  // namespace gradspace
