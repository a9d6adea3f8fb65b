// How far a job is.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>

#include "cluster/claim.h"
#include "cluster/job_folder.h"
#include "cluster/moments_part.h"
#include "cluster/part_record.h"
#include "core/parallel.h"
#include "data/set_parts.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using Clock = std::chrono::steady_clock;

/// Adds what the parts' records say, and which of them are damaged.
void add_parts(const JobFolder& job, const ShardPlan& plan, JobStatus& status) {
  const std::vector<bool> parts = shards_with_part(job, plan.shards.size());
  std::mutex mutex;
  parallel_for(plan.shards.size(), [&](std::size_t i) {
    if (!parts[i]) {
      return;
    }
    const auto shard = static_cast<std::uint32_t>(i);
    try {
      const PartRecord record = check_part(job.part(shard), plan, shard);
      const std::lock_guard lock(mutex);
      status.states[i] = ShardState::kDone;
      status.rows += record.rows;
      status.failures += record.failures;
    } catch (const Error& error) {
      const std::lock_guard lock(mutex);
      status.states[i] = ShardState::kDamaged;
      status.reports.push_back({shard, ShardState::kDamaged, error.what()});
    }
  });
  status.images = status.rows + status.failures;
}

void add_report(JobStatus& status, std::uint32_t shard, ShardState state, std::string text) {
  status.states[shard] = state;
  status.reports.push_back({shard, state, std::move(text)});
}

}  // namespace

std::string_view name(ShardState state) {
  switch (state) {
    case ShardState::kMissing:
      return "missing";
    case ShardState::kClaimed:
      return "claimed";
    case ShardState::kFailed:
      return "failed";
    case ShardState::kDamaged:
      return "damaged";
    case ShardState::kDone:
      return "done";
  }
  return "?";
}

std::uint64_t JobStatus::count(ShardState state) const {
  return static_cast<std::uint64_t>(std::ranges::count(states, state));
}

JobStatus job_status(const std::filesystem::path& path) {
  const JobFolder job(path);
  const ShardPlan plan = read_plan(path);
  JobStatus status;
  status.states.assign(plan.shards.size(), ShardState::kMissing);
  std::error_code error;
  status.merged = std::filesystem::exists(path / kSetManifest, error) ||
                  std::filesystem::exists(path / kMomentsFile, error);
  // Claims before parts: a shard that is finished in between is seen as done, not as missing.
  const std::map<std::uint32_t, int> claims = list_claims(job, plan.shards.size());
  const std::vector<bool> failed = shards_that_failed(job, plan.shards.size());
  add_parts(job, plan, status);
  for (std::uint32_t shard = 0; shard < plan.shards.size(); ++shard) {
    if (status.states[shard] != ShardState::kMissing) {
      continue;
    }
    const auto number = claims.find(shard);
    const SeenClaim claim =
        number == claims.end() ? SeenClaim{} : read_claim(job, shard, number->second);
    if (claim.number > 0 && !claim.is_given_back()) {
      add_report(status, shard, ShardState::kClaimed, claim.text());
    } else if (failed[shard]) {
      add_report(status, shard, ShardState::kFailed, read_failure_note(job.failure_note(shard)));
    }
  }
  std::ranges::sort(status.reports, {}, &ShardReport::shard);
  return status;
}

std::vector<std::uint32_t> missing_shards(const std::filesystem::path& path,
                                          const std::function<bool()>& stop) {
  constexpr int kPartOfLost = 5;
  constexpr std::chrono::milliseconds kPause{20};
  const JobFolder job(path);
  const JobStatus status = job_status(path);
  const Clock::time_point end = Clock::now() + read_plan(path).options.lost_after / kPartOfLost;
  std::vector<std::uint32_t> claimed;
  for (std::uint32_t shard = 0; shard < status.states.size(); ++shard) {
    if (status.states[shard] == ShardState::kClaimed) {
      claimed.push_back(shard);
    }
  }
  ClaimWatch watch;
  std::vector<bool> is_worked_on(status.states.size());
  while (!claimed.empty() && Clock::now() < end && !(stop && stop())) {
    const std::map<std::uint32_t, int> claims = list_claims(job, status.states.size());
    std::erase_if(claimed, [&](std::uint32_t shard) {
      const auto number = claims.find(shard);
      watch.still_for(
          shard, number == claims.end() ? SeenClaim{} : read_claim(job, shard, number->second));
      is_worked_on[shard] = watch.has_changed(shard);
      return is_worked_on[shard];
    });
    std::this_thread::sleep_for(kPause);
  }
  std::vector<std::uint32_t> missing;
  for (std::uint32_t shard = 0; shard < status.states.size(); ++shard) {
    if (status.states[shard] != ShardState::kDone && !is_worked_on[shard]) {
      missing.push_back(shard);
    }
  }
  return missing;
}

}  // namespace gradspace
