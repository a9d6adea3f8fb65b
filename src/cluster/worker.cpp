// A worker: takes shards, makes their parts, puts them in place.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>
#include <utility>

#include "cluster/attempt_folder.h"
#include "cluster/claim.h"
#include "cluster/job_folder.h"
#include "cluster/named_source.h"
#include "cluster/part_record.h"
#include "core/arena.h"
#include "core/file.h"
#include "core/json.h"
#include "core/options.h"
#include "core/random.h"
#include "core/watched.h"
#include "data/feature_meta.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"
#include "gradspace/extract.h"
#include "gradspace/feature_set.h"
#include "gradspace/gradient.h"
#include "gradspace/model.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Heartbeats in the time after which a worker is taken for lost.
constexpr int kBeatsToLost = 10;

/// What a shard is to a worker.
enum class Standing : std::uint8_t { kOpen, kHeld, kDone, kFailed };

/// A shard that can't be done, which costs no other shard anything.
struct ShardFailed {
  std::string reason;
};

/// Makes the part of a shard.
class PartMaker {
 public:
  PartMaker(const JobFolder& job, const ShardPlan& plan, const WorkOptions& options)
      : job_(job),
        plan_(plan),
        options_(options),
        names_(shard_names(plan.shards)),
        model_(read_model(job.model())) {
    if (fingerprint(model_) != plan.model_sha256) {
      throw FormatError(fmt::format(
          "{}: is another model (SHA-256 {:.12}...) than the plan was made for ({:.12}...)",
          job.model().string(), fingerprint(model_), plan.model_sha256));
    }
    blocks_ = parse_features(plan.options.features, model_.spec, model_.members());
    make_backend();  // what is wrong with it is wrong for all shards
  }

  /// False when it was stopped. Throws ShardFailed; IoError for what is wrong in the job's folder.
  bool make(std::uint32_t shard, Claim& claim, Watched& watched) const {
    const Clock::time_point begin = Clock::now();
    std::unique_ptr<Source> source;
    try {
      source = open_shard(plan_.shards[shard], names_[shard], plan_.options);
    } catch (const Error& error) {
      throw ShardFailed{error.what()};
    }
    const AttemptFolder attempt(job_, shard, claim.number());
    attempt.take_up_earlier();
    const FeatureSetMeta meta = describe(*source, shard);
    if (!is_finished(attempt.set(), meta) &&
        !extract(*source, shard, attempt, meta, claim, watched)) {
      return false;
    }
    PartRecord record;
    record.plan = plan_.digest;
    record.shard = shard;
    record.uri = plan_.shards[shard].uri;
    record.worker = worker_name();
    record.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    put_in_place(attempt.set(), std::move(record));
    return true;
  }

 private:
  std::unique_ptr<GradientBackend> make_backend() const {
    const PlanOptions& options = plan_.options;
    return options.backend.name == "native"
               ? make_native_backend(model_, blocks_, options.instruction_set)
               : make_gradient_backend(options.backend, model_, blocks_);
  }

  FeatureSetMeta describe(const Source& source, std::uint32_t shard) const {
    // As `gradspace extract` notes them.
    const nlohmann::json options = {{"features", plan_.options.features},
                                    {"backend", plan_.options.backend.name},
                                    {"device", plan_.options.backend.device},
                                    {"source", plan_.options.source}};
    FeatureSetMeta meta = describe_extraction(source, plan_.shards[shard].uri, blocks_,
                                              plan_.model_sha256, dump_json(options));
    meta.decoding = decoding_in(model_.metadata).value_or(Decoding::kExact);
    return meta;
  }

  /// Whether an earlier worker has finished the set and only not put it in place.
  static bool is_finished(const fs::path& set, const FeatureSetMeta& meta) {
    std::error_code error;
    if (!fs::exists(set, error)) {
      return false;
    }
    try {
      const FeatureSet there(set);
      there.verify();
      if (feature_meta_to_json(there.meta()) == feature_meta_to_json(meta)) {
        return true;
      }
    } catch (const Error&) {  // damaged
    }
    fs::remove_all(set, error);
    return false;
  }

  bool extract(const Source& source, std::uint32_t shard, const AttemptFolder& attempt,
               const FeatureSetMeta& meta, Claim& claim, Watched& watched) const {
    FeatureSetWriter writer(attempt.set(), meta);
    if (const std::string why = writer.begun_anew(); !why.empty()) {
      watched.remark(
          fmt::format("shard {}: begun anew, as what an earlier worker left can't be continued: {}",
                      shard, why));
    }
    if (writer.images_done() > 0) {
      watched.remark(fmt::format("shard {}: going on after {} of {} images", shard,
                                 writer.images_done(), source.size()));
    }
    std::size_t left_out = 0;
    std::string first;
    JobObserver inner;
    inner.on_progress = [&](std::size_t done, std::size_t total) {
      claim.set_progress({done, total});
    };
    inner.stop_requested = [&] { return watched.stop(); };
    inner.on_failure = [&](std::string_view line) {
      first = left_out++ == 0 ? std::string(line) : first;
    };
    claim.set_progress({writer.images_done(), source.size()});
    try {
      const ExtractResult result = extract_features(
          source, model_.spec.input, [this] { return make_backend(); }, writer,
          {options_.batch, options_.threads}, inner);
      if (left_out > 0) {
        watched.remark(fmt::format(
            "shard {}: {} of {} images could not be read and were left out, the first: {}", shard,
            left_out, source.size(), first));
      }
      return !result.stopped;
    } catch (const FormatError& error) {
      throw ShardFailed{error.what()};
    }
  }

  /// The part becomes visible, whole and once: a folder can't be renamed onto one that holds something.
  void put_in_place(const fs::path& set, PartRecord record) const {
    const FeatureSet finished(set);
    record.rows = finished.size();
    record.failures = finished.failures().size();
    measure_part(set, record);
    write_file(set / "part.json", part_record_to_json(record));
    const fs::path part = job_.part(record.shard);
    make_folder(job_.parts());
    bool placed = std::rename(set.c_str(), part.c_str()) == 0;
    if (!placed && errno == ENOTDIR) {  // something that is no part lies there
      job_.set_aside(record.shard);
      placed = std::rename(set.c_str(), part.c_str()) == 0;
    }
    if (!placed && errno != ENOTEMPTY && errno != EEXIST) {
      throw IoError(fmt::format("{}: can't move the finished part there: {}", part.string(),
                                last_system_error()));
    }
  }

  const JobFolder& job_;
  const ShardPlan& plan_;
  const WorkOptions& options_;
  std::vector<std::string> names_;
  Model model_;
  std::vector<FeatureBlock> blocks_;
};

/// Chooses shards, claims them, and has their parts made.
class Worker {
 public:
  Worker(const fs::path& job, const WorkOptions& options, const JobObserver& observer)
      : job_(job),
        plan_(read_plan(job)),
        options_(options),
        watched_(observer),
        maker_(job_, plan_, options_),
        wanted_(options.shards),
        standing_(plan_.shards.size(), Standing::kOpen) {
    if (wanted_.empty()) {
      choose_all();
    }
    for (const std::uint32_t shard : wanted_) {
      if (shard >= plan_.shards.size()) {
        throw InvalidArgument(
            fmt::format("{}: has {} shards, numbered from 0: there is no shard {}", job.string(),
                        plan_.shards.size(), shard));
      }
    }
  }

  WorkResult run() {
    survey();
    report();
    while (!watched_.stop()) {
      work_on_open_shards();
      if (watched_.stop() || !look_at_held_shards()) {
        break;
      }
    }
    result_.stopped = watched_.stopped();
    result_.left = static_cast<std::uint64_t>(std::ranges::count_if(
        wanted_, [this](std::uint32_t shard) { return standing_[shard] != Standing::kDone; }));
    return result_;
  }

 private:
  /// From another place on than other workers, so that not all try to claim the same shards.
  void choose_all() {
    const auto count = static_cast<std::uint32_t>(plan_.shards.size());
    const auto first = static_cast<std::uint32_t>(hash_text(worker_name()) % count);
    wanted_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      wanted_[i] = (first + i) % count;
    }
  }

  /// Looks at what is done, failed and claimed.
  void survey() {
    const std::vector<bool> parts = shards_in_folder(job_.parts(), plan_.shards.size());
    const std::vector<bool> failed = shards_in_folder(job_.failed(), plan_.shards.size(), ".json");
    const bool again = options_.retry_failed || !options_.shards.empty();
    claims_ = list_claims(job_, plan_.shards.size());
    for (const std::uint32_t shard : wanted_) {
      if (parts[shard] && !is_to_be_made_again(shard)) {
        standing_[shard] = Standing::kDone;
      } else if (failed[shard] && !again) {
        standing_[shard] = Standing::kFailed;
      } else if (const auto claim = claims_.find(shard); claim != claims_.end()) {
        standing_[shard] = standing_of(shard, claim->second);
      }
    }
  }

  /// Whether a shard that was asked for has a part that is damaged, which is set aside then.
  bool is_to_be_made_again(std::uint32_t shard) {
    if (options_.shards.empty()) {
      return false;
    }
    try {
      check_part(job_.part(shard), plan_, shard);
      return false;
    } catch (const Error& error) {
      watched_.remark(
          fmt::format("shard {}: made again, its part is set aside: {}", shard, error.what()));
      job_.set_aside(shard);
      return true;
    }
  }

  Standing standing_of(std::uint32_t shard, int number) {
    const SeenClaim claim = read_claim(job_, shard, number);
    const bool is_free = claim.number == 0 || claim.is_given_back();
    if (is_free || watch_.still_for(shard, claim) < plan_.options.lost_after) {
      return is_free ? Standing::kOpen : Standing::kHeld;
    }
    watched_.remark(fmt::format("shard {}: taken over, its worker shows no sign of life: {}", shard,
                                claim.text()));
    return Standing::kOpen;
  }

  void work_on_open_shards() {
    for (const std::uint32_t shard : wanted_) {
      if (standing_[shard] == Standing::kOpen) {
        if (watched_.stop()) {
          return;
        }
        work_on(shard);
        report();
      }
    }
  }

  void work_on(std::uint32_t shard) {
    if (job_.has_part(shard)) {
      standing_[shard] = Standing::kDone;
      return;
    }
    const int number = claims_[shard] + 1;
    const std::unique_ptr<Claim> claim =
        Claim::take(job_, shard, number, plan_.options.lost_after / kBeatsToLost);
    claims_[shard] = number;
    if (claim == nullptr) {
      standing_[shard] = Standing::kHeld;
      return;
    }
    if (job_.has_part(shard)) {  // it came between the two looks
      finish(shard, number);
      return;
    }
    make_part(shard, *claim);
  }

  void make_part(std::uint32_t shard, Claim& claim) {
    try {
      const bool made =
          in_arena(options_.threads, [&] { return maker_.make(shard, claim, watched_); });
      if (!made) {
        claim.give_back();
        return;
      }
      ++result_.done;
      finish(shard, claim.number());
    } catch (const ShardFailed& failure) {
      note_failure(shard, failure.reason);
      claim.give_back();
    } catch (...) {
      if (job_.has_part(shard)) {  // another worker has put it there and cleared up behind it
        finish(shard, claim.number());
        return;
      }
      claim.give_back();
      throw;
    }
  }

  /// Clears up behind a part that is in place.
  void finish(std::uint32_t shard, int number) {
    std::error_code ignored;
    fs::remove_all(job_.work(shard), ignored);
    fs::remove(job_.failure_note(shard), ignored);
    remove_claims(job_, shard, number);
    claims_.erase(shard);
    standing_[shard] = Standing::kDone;
  }

  void note_failure(std::uint32_t shard, const std::string& reason) {
    make_folder(job_.failed());
    write_file(job_.failure_note(shard), failure_note_to_json(reason));
    standing_[shard] = Standing::kFailed;
    ++result_.failed;
    watched_.failure(fmt::format("shard {}: {}", shard, reason));
  }

  /// Waits until a shard that another worker holds is open or done. False when no such shard is left, or when it is not
  /// to wait.
  bool look_at_held_shards() {
    while (!watched_.stop()) {
      const std::map<std::uint32_t, int> claims = list_claims(job_, plan_.shards.size());
      bool any_held = false;
      bool any_open = false;
      for (const std::uint32_t shard : wanted_) {
        if (standing_[shard] == Standing::kHeld) {
          look_at_held_shard(shard, claims);
          any_held = any_held || standing_[shard] == Standing::kHeld;
          any_open = any_open || standing_[shard] == Standing::kOpen;
        }
      }
      report();
      if (any_open || !any_held || !options_.wait) {
        return any_open;
      }
      pause(plan_.options.lost_after / kBeatsToLost);
    }
    return false;
  }

  void look_at_held_shard(std::uint32_t shard, const std::map<std::uint32_t, int>& claims) {
    std::error_code error;
    const auto claim = claims.find(shard);
    claims_[shard] = claim == claims.end() ? 0 : claim->second;
    if (job_.has_part(shard)) {
      standing_[shard] = Standing::kDone;
    } else if (fs::exists(job_.failure_note(shard), error) && options_.shards.empty() &&
               !options_.retry_failed) {
      standing_[shard] = Standing::kFailed;
    } else {
      standing_[shard] = standing_of(shard, claims_[shard]);
    }
  }

  void pause(milliseconds time) {
    constexpr milliseconds kSlice{50};
    for (const auto end = Clock::now() + time; Clock::now() < end && !watched_.stop();) {
      std::this_thread::sleep_for(std::min(kSlice, time));
    }
  }

  void report() {
    const auto done = std::ranges::count_if(
        wanted_, [this](std::uint32_t shard) { return standing_[shard] == Standing::kDone; });
    watched_.progress(static_cast<std::size_t>(done), wanted_.size());
  }

  JobFolder job_;
  ShardPlan plan_;
  WorkOptions options_;
  Watched watched_;
  PartMaker maker_;
  std::vector<std::uint32_t> wanted_;
  std::vector<Standing> standing_;       ///< by shard
  std::map<std::uint32_t, int> claims_;  ///< the numbers of the latest claims that are known
  ClaimWatch watch_;
  WorkResult result_;
};

}  // namespace

void WorkOptions::validate() const {
  ExtractOptions{batch, threads}.validate();
}

WorkResult work_on_shards(const fs::path& job, const WorkOptions& options,
                          const JobObserver& observer) {
  options.validate();
  return Worker(job, options, observer).run();
}

}  // namespace gradspace
