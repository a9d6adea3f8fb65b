// gradspace status: how far a job in shards is.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "gradspace/cluster.h"

namespace gradspace::cli {
namespace {

struct StatusArguments {
  std::string job;
  std::string format = "text";
  std::uint32_t array_size = 0;
  bool missing = false;
  bool watch = false;
};

constexpr ShardState kStates[] = {ShardState::kDone, ShardState::kClaimed, ShardState::kFailed,
                                  ShardState::kDamaged, ShardState::kMissing};

/// "3 done, 1 claimed, 6 missing".
std::string counts_text(const JobStatus& status) {
  std::string text;
  for (const ShardState state : kStates) {
    if (const std::uint64_t count = status.count(state); count > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name(state));
    }
  }
  return text;
}

void print_status_text(const StatusArguments& arguments, const JobStatus& status) {
  print_line("{}: {} shards: {}{}", arguments.job, status.states.size(), counts_text(status),
             status.merged ? "; merged" : "");
  print_line("{} images: {} rows, {} could not be read", status.images, status.rows,
             status.failures);
  for (const ShardReport& report : status.reports) {
    print_line("shard {}: {}: {}", report.shard, name(report.state), report.text);
  }
}

void print_status_json(const JobStatus& status) {
  nlohmann::ordered_json all = {{"shards", status.states.size()}};
  for (const ShardState state : kStates) {
    all[std::string(name(state))] = status.count(state);
  }
  all["rows"] = status.rows;
  all["failures"] = status.failures;
  all["merged"] = status.merged;
  all["reports"] = nlohmann::ordered_json::array();
  for (const ShardReport& report : status.reports) {
    all["reports"].push_back(
        {{"shard", report.shard}, {"state", name(report.state)}, {"text", report.text}});
  }
  print_exact_line("{}", json_text(std::move(all)));
}

/// For `sbatch --array`: one list; or, for arrays of a size, a line "OFFSET LIST" for each that is needed.
void print_missing(const std::vector<std::uint32_t>& missing, std::uint32_t array_size) {
  if (array_size == 0) {
    print_exact_line("{}", numbers_text(missing));
    return;
  }
  std::map<std::uint32_t, std::vector<std::uint32_t>> arrays;
  for (const std::uint32_t shard : missing) {
    arrays[shard - shard % array_size].push_back(shard % array_size);
  }
  for (const auto& [offset, numbers] : arrays) {
    print_exact_line("{} {}", offset, numbers_text(numbers));
  }
}

int watch(const StatusArguments& arguments) {
  using std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kLeastPause{1000};
  Progress progress("status", "shards", false);
  const InterruptGuard interrupt;
  while (!InterruptGuard::requested()) {
    const auto begin = steady_clock::now();
    const JobStatus status = job_status(arguments.job);
    progress.update(status.count(ShardState::kDone), status.states.size(), counts_text(status));
    if (status.count(ShardState::kMissing) + status.count(ShardState::kClaimed) == 0) {
      break;
    }
    // A look at very many parts takes its time: four fifths of it the file system is left alone.
    const auto pause =
        std::max<steady_clock::duration>(kLeastPause, 4 * (steady_clock::now() - begin));
    for (const auto end = steady_clock::now() + pause;
         steady_clock::now() < end && !InterruptGuard::requested();) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  return InterruptGuard::requested() ? InterruptGuard::exit_status() : 0;
}

int status(const StatusArguments& arguments) {
  if (arguments.missing) {
    const InterruptGuard interrupt;
    print_missing(missing_shards(arguments.job, [] { return InterruptGuard::requested(); }),
                  arguments.array_size);
    return InterruptGuard::requested() ? InterruptGuard::exit_status() : 0;
  }
  if (arguments.watch) {
    return watch(arguments);
  }
  const JobStatus status = job_status(arguments.job);
  if (arguments.format == "json") {
    print_status_json(status);
  } else {
    print_status_text(arguments, status);
  }
  return 0;
}

}  // namespace

Command status_command() {
  return {"status", "Tell how far a job in shards is", "gradspace status job",
          [](CLI::App& app) -> std::function<int()> {
            const auto arguments = std::make_shared<StatusArguments>();
            StatusArguments& a = *arguments;
            app.add_option("job", a.job, "Folder of the job")->required();
            auto* missing = app.add_flag(
                "--missing", a.missing,
                "Print the numbers of the shards without a part that nobody works on, such "
                "as 3,17,40-44, for sbatch --array");
            app.add_option("--array-size", a.array_size,
                           "Of --missing, for arrays of numbers below this: a line OFFSET NUMBERS "
                           "for each array")
                ->check(whole_number(1, 4'000'000))
                ->needs(missing);
            auto* watch = app.add_flag("--watch", a.watch, "Follow it until nothing is left to do")
                              ->excludes(missing);
            app.add_option("--format", a.format, "text or json")
                ->check(one_of({"text", "json"}))
                ->excludes(missing)
                ->excludes(watch);
            return [arguments] { return status(*arguments); };
          }};
}

}  // namespace gradspace::cli
