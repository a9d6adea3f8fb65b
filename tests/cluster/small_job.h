// A job of small shards, and what one process's `extract` makes of the same images.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/cluster.h"
#include "gradspace/extract.h"
#include "gradspace/feature_set.h"
#include "gradspace/gradient.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/moments.h"
#include "support/test_files.h"

namespace gradspace::testing {

/// A network that takes no time.
inline AutoencoderSpec tiny_spec() {
  AutoencoderSpec spec;
  spec.input = {1, 8, 8};
  spec.down = {{2, 4, 2, 1}};
  spec.latent = 2;
  spec.up = {{1, 4, 2, 1}};
  return spec;
}

inline void write_random_picture(const std::filesystem::path& path, std::uint64_t seed) {
  std::filesystem::create_directories(path.parent_path());
  Random random(seed);
  Image image(12, 12, 3);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(random.below(256));
  }
  write_image(path, image);
}

/// `shards` folders of `images` each below FOLDER/shards, and a model.
class SmallJob {
 public:
  SmallJob(int shards, int images) : shards_(shards) {
    write_model(model(), initialise(tiny_spec(), 1));
    for (int shard = 0; shard < shards; ++shard) {
      for (int i = 0; i < images; ++i) {
        write_random_picture(shard_folder(shard) / fmt::format("{:03}.bmp", i),
                             static_cast<std::uint64_t>(1000 * shard + i));
      }
    }
  }

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  std::filesystem::path job() const { return folder_ / "job"; }
  std::filesystem::path model() const { return folder_ / "m.safetensors"; }
  std::filesystem::path shard_folder(int shard) const {
    return folder_ / "shards" / fmt::format("shard-{:02}", shard);
  }
  std::filesystem::path part(int shard) const {
    return job() / "parts" / fmt::format("{:06}", shard);
  }

  /// Where the worker with a shard's claim of that number writes, once it has begun; else an empty path.
  std::filesystem::path attempt(int shard, int number) const {
    const std::filesystem::path folder = job() / "work" / fmt::format("{:06}", shard);
    std::error_code absent;
    for (const auto& entry : std::filesystem::directory_iterator(folder, absent)) {
      if (entry.path().filename().string().starts_with(fmt::format("{}-", number))) {
        return entry.path();
      }
    }
    return {};
  }

  std::vector<Shard> shards() const {
    std::vector<Shard> list;
    for (int shard = 0; shard < shards_; ++shard) {
      list.push_back({shard_folder(shard).string()});
    }
    return list;
  }

  /// With a short time until workers are taken for lost.
  ShardPlan plan(std::chrono::milliseconds lost_after = std::chrono::milliseconds(200),
                 std::optional<MomentsKind> moments = {}) const {
    PlanOptions options;
    options.lost_after = lost_after;
    options.moments = moments;
    return plan_shards(job(), model(), shards(), options);
  }

  /// What `extract` makes of all shards in one go.
  void extract_all(const std::string& name) const {
    const Model read = read_model(model());
    const std::vector<FeatureBlock> blocks =
        parse_features(proposed_features(read.spec), read.spec);
    const std::unique_ptr<Source> source = open_source(folder_ / "shards");
    FeatureSetWriter writer(
        path(name), describe_extraction(*source, "shards", blocks, fingerprint(read), "{}"));
    extract_features(
        *source, read.spec.input, [&] { return make_native_backend(read, blocks); }, writer);
  }

  /// The merged job, copied, has the same bytes.
  void expect_merged_as_one_extract() const {
    extract_all("one");
    MergeOptions options;
    options.copy = path("copied");
    options.verify = true;
    EXPECT_TRUE(merge_parts(job(), options).missing.empty());
    for (const char* file : {"features.npy", "index.csv", "failures.csv"}) {
      const bool there = std::filesystem::exists(path("one") / file);
      EXPECT_EQ(std::filesystem::exists(path("copied") / file), there) << file;
      if (there) {
        EXPECT_EQ(read_file(path("copied") / file), read_file(path("one") / file)) << file;
      }
    }
  }

  /// The job's sum of moments has the bytes of those of the rows: of a job that keeps these.
  void expect_merged_as_the_rows(MomentsKind kind) const {
    const std::filesystem::path rows = path("rows");
    if (!std::filesystem::exists(rows)) {
      plan_shards(rows, model(), shards(), {});
      work_on_shards(rows);
      EXPECT_TRUE(merge_parts(rows).missing.empty());
    }
    MomentsOptions options;
    options.kind = kind;
    const std::vector<std::filesystem::path> sets = {rows};
    write_moments(path("of-rows.safetensors"), moments_of(sets, options));
    EXPECT_TRUE(merge_parts(job()).missing.empty());
    EXPECT_EQ(read_file(job() / "moments.safetensors"), read_file(path("of-rows.safetensors")));
  }

  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  int shards_;
};

/// Collects what a job says.
struct Heard {
  std::vector<std::string> failures;
  std::vector<std::string> remarks;

  JobObserver observer() {
    JobObserver result;
    result.on_failure = [this](std::string_view line) { failures.emplace_back(line); };
    result.on_remark = [this](std::string_view line) { remarks.emplace_back(line); };
    return result;
  }
};

}  // namespace gradspace::testing
