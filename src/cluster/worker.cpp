// A worker: takes shards, makes their parts, puts them in place.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "cluster/claim.h"
#include "cluster/job_folder.h"
#include "cluster/part_maker.h"
#include "cluster/part_record.h"
#include "core/arena.h"
#include "core/file.h"
#include "core/random.h"
#include "core/watched.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"
#include "gradspace/extract.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Heartbeats in the time after which a worker is taken for lost.
constexpr int kBeatsToLost = 10;

/// A worker with nothing left but to wait for others looks at their shards after so long, and then ever more rarely.
constexpr milliseconds kFirstWait{20};

/// After so many shards one after another that others have had or hold, a worker lists what is done and claimed, which
/// takes a shared file system less than a look at each.
constexpr int kMissesBeforeLook = 4;

/// Of more shards that others hold, parts are listed for the same reason.
constexpr std::ptrdiff_t kFewHeld = 64;

/// What a shard is to a worker.
enum class Standing : std::uint8_t { kOpen, kHeld, kDone, kFailed };

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
    std::ranges::sort(wanted_);
    wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());
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
    if (options_.ranks != nullptr) {
      work_by_counter();
    }
    while (!watched_.stop()) {
      work_on_open_shards();
      if (watched_.stop() || !look_at_held_shards()) {
        break;
      }
    }
    result_.stopped = watched_.stopped();
    result_.left = wanted_.size() - done_;
    return result_;
  }

 private:
  /// In an order of this worker's own: workers that went through the list side by side would try to claim the same
  /// shards again and again. Those who share a counter go in one order.
  void choose_all() {
    const std::uint64_t order = options_.ranks == nullptr ? hash_text(worker_name()) : 0;
    wanted_ = permutation(static_cast<std::uint32_t>(plan_.shards.size()), order);
  }

  /// Looks at what is done, failed and claimed.
  void survey() {
    const std::vector<bool> parts = shards_with_part(job_, plan_.shards.size());
    const std::vector<bool> failed = shards_that_failed(job_, plan_.shards.size());
    const bool again = options_.retry_failed || !options_.shards.empty();
    claims_ = list_claims(job_, plan_.shards.size());
    for (const std::uint32_t shard : wanted_) {
      if (parts[shard] && !is_to_be_made_again(shard)) {
        finish_behind_others(shard);
      } else if (failed[shard] && !again) {
        set(shard, Standing::kFailed);
      } else if (const auto claim = claims_.find(shard); claim != claims_.end()) {
        set(shard, standing_of(shard, claim->second));
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
    } catch (const FormatError& error) {
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

  /// Its first call waits for all ranks: whoever is stopped before it must make it all the same.
  void work_by_counter() {
    for (std::uint64_t next = options_.ranks->next(); next < wanted_.size() && !watched_.stop();
         next = options_.ranks->next()) {
      const std::uint32_t shard = wanted_[static_cast<std::size_t>(next)];
      if (standing_[shard] == Standing::kOpen) {
        work_on(shard);
        report();
      }
    }
    for (const std::uint32_t shard : wanted_) {  // the others', as long as nobody has looked
      if (standing_[shard] == Standing::kOpen) {
        set(shard, Standing::kHeld);
      }
    }
  }

  void work_on_open_shards() {
    int misses = 0;
    for (const std::uint32_t shard : wanted_) {
      if (standing_[shard] != Standing::kOpen) {
        continue;
      }
      if (watched_.stop()) {
        return;
      }
      misses = work_on(shard) ? 0 : misses + 1;
      if (misses == kMissesBeforeLook) {
        look_at_open_shards();
        misses = 0;
      }
      report();
    }
  }

  /// Finds out which open shards others have done or claimed meanwhile.
  void look_at_open_shards() {
    const std::vector<bool> parts = shards_with_part(job_, plan_.shards.size());
    const std::map<std::uint32_t, int> claims = list_claims(job_, plan_.shards.size());
    for (const std::uint32_t shard : wanted_) {
      if (standing_[shard] != Standing::kOpen) {
        continue;
      }
      const auto claim = claims.find(shard);
      const bool is_new = claim != claims.end() && claim->second > claims_[shard];
      if (is_new) {
        claims_[shard] = claim->second;
      }
      if (parts[shard]) {
        finish_behind_others(shard);
      } else if (is_new) {
        set(shard, Standing::kHeld);
      }
    }
  }

  /// False when another worker has done the shard or holds it.
  bool work_on(std::uint32_t shard) {
    if (job_.has_part(shard)) {
      finish_behind_others(shard);
      return false;
    }
    const int number = claims_[shard] + 1;
    const std::unique_ptr<Claim> claim =
        Claim::take(job_, shard, number, plan_.options.lost_after / kBeatsToLost);
    claims_[shard] = number;
    if (claim == nullptr) {
      set(shard, Standing::kHeld);
      return false;
    }
    if (job_.has_part(shard)) {  // it came between the two looks
      finish(shard, number);
      return false;
    }
    make_part(shard, *claim);
    return true;
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
    clear_up_behind(job_, shard, number);
    claims_.erase(shard);
    set(shard, Standing::kDone);
  }

  /// A part that another worker has put in place. Where its claim is still there, that worker may have been killed
  /// before it cleared up.
  void finish_behind_others(std::uint32_t shard) {
    const auto claim = claims_.find(shard);
    if (claim != claims_.end() && claim->second > 0) {
      finish(shard, claim->second);
    } else {
      set(shard, Standing::kDone);
    }
  }

  void note_failure(std::uint32_t shard, const std::string& reason) {
    make_folder(job_.failed());
    write_file(job_.failure_note(shard), failure_note_to_json(reason));
    set(shard, Standing::kFailed);
    ++result_.failed;
    watched_.failure(fmt::format("shard {}: {}", shard, reason));
  }

  /// Waits until a shard that another worker holds is open or done. False when no such shard is left, or when it is not
  /// to wait.
  bool look_at_held_shards() {
    milliseconds wait = kFirstWait;
    while (!watched_.stop()) {
      const std::map<std::uint32_t, int> claims = list_claims(job_, plan_.shards.size());
      const auto held = std::ranges::count(standing_, Standing::kHeld);
      std::vector<bool> parts;
      if (held > kFewHeld) {
        parts = shards_with_part(job_, plan_.shards.size());
      }
      bool any_held = false;
      bool any_open = false;
      for (const std::uint32_t shard : wanted_) {
        if (standing_[shard] == Standing::kHeld) {
          look_at_held_shard(shard, claims, parts.empty() ? job_.has_part(shard) : parts[shard]);
          any_held = any_held || standing_[shard] == Standing::kHeld;
          any_open = any_open || standing_[shard] == Standing::kOpen;
        }
      }
      report();
      if (any_open || !any_held || !options_.wait) {
        return any_open;
      }
      pause(wait);
      wait = std::min(wait * 2, plan_.options.lost_after / kBeatsToLost);
    }
    return false;
  }

  void look_at_held_shard(std::uint32_t shard, const std::map<std::uint32_t, int>& claims,
                          bool has_part) {
    std::error_code error;
    const auto claim = claims.find(shard);
    claims_[shard] = claim == claims.end() ? 0 : claim->second;
    if (has_part) {
      finish_behind_others(shard);
    } else if (fs::exists(job_.failure_note(shard), error) && options_.shards.empty() &&
               !options_.retry_failed) {
      set(shard, Standing::kFailed);
    } else {
      set(shard, standing_of(shard, claims_[shard]));
    }
  }

  void pause(milliseconds time) {
    constexpr milliseconds kSlice{50};
    for (const auto end = Clock::now() + time; Clock::now() < end && !watched_.stop();) {
      std::this_thread::sleep_for(std::min(kSlice, time));
    }
  }

  void set(std::uint32_t shard, Standing standing) {
    done_ += standing == Standing::kDone ? 1 : 0;
    done_ -= standing_[shard] == Standing::kDone ? 1 : 0;
    standing_[shard] = standing;
  }

  void report() { watched_.progress(done_, wanted_.size()); }

  JobFolder job_;
  ShardPlan plan_;
  WorkOptions options_;
  Watched watched_;
  PartMaker maker_;
  std::vector<std::uint32_t> wanted_;
  std::vector<Standing> standing_;       ///< by shard
  std::size_t done_ = 0;                 ///< of the wanted ones
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
