// gradspace work: a worker of a job in shards.

#include <CLI/CLI.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "gradspace/cluster.h"
#include "gradspace/mpi_module.h"

namespace gradspace::cli {
namespace {

struct WorkArguments {
  std::string job;
  std::string shards;
  bool no_wait = false;
  bool mpi = false;
  bool quiet = false;
  WorkOptions options;
};

/// Sums over all processes of an MPI job; collective.
void add_up(Ranks& ranks, WorkResult& result) {
  using Numbers = std::array<std::uint64_t, 2>;
  const auto size = static_cast<std::size_t>(ranks.size());
  std::vector<Numbers> all(size);
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i <= size; ++i) {
    offsets.push_back(i * sizeof(Numbers));
  }
  all[static_cast<std::size_t>(ranks.rank())] = {result.done, result.failed};
  ranks.share(std::as_writable_bytes(std::span(all)), offsets);
  result.done = 0;
  result.failed = 0;
  for (const Numbers& numbers : all) {
    result.done += numbers[0];
    result.failed += numbers[1];
  }
}

WorkResult run(const WorkArguments& arguments, const WorkOptions& options, bool quiet) {
  Progress progress("work", "shards", quiet);
  const InterruptGuard interrupt;
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  observer.on_failure = [&](std::string_view line) { progress.say_failure(line); };
  observer.on_remark = [&](std::string_view line) { progress.say(line); };
  observer.stop_requested = [] { return InterruptGuard::requested(); };
  return work_on_shards(arguments.job, options, observer);
}

/// What is to be said of the end of the work, in all.
int tell(const WorkArguments& arguments, const WorkResult& result) {
  if (result.stopped) {
    const bool begins_anew = read_plan(arguments.job).options.moments.has_value();
    say("gradspace: interrupted; {} shards done, and of the one at work {} {}", result.done,
        begins_anew ? "nothing: it will begin anew in" : "the position is kept in", arguments.job);
    return InterruptGuard::exit_status();
  }
  print_line("{}: {} shards done here, {} failed, {} left", arguments.job, result.done,
             result.failed, result.left);
  if (result.left > 0 && !arguments.no_wait) {
    say("gradspace: {} shards have no part; gradspace status {} says why", result.left,
        arguments.job);
  }
  return result.left == 0 || (arguments.no_wait && result.failed == 0) ? kDone : kFailed;
}

/// The first process alone speaks, but for failures and remarks.
int work_as_rank(const WorkArguments& arguments, WorkOptions options) {
  Ranks& ranks = mpi_ranks();
  options.ranks = &ranks;
  const bool is_first = ranks.rank() == 0;
  WorkResult result = run(arguments, options, arguments.quiet || !is_first);
  add_up(ranks, result);
  leave_mpi();
  if (is_first || result.stopped) {
    return tell(arguments, result);
  }
  return kDone;
}

int work(const WorkArguments& arguments) {
  WorkOptions options = arguments.options;
  options.wait = !arguments.no_wait;
  check_usage([&] {
    options.validate();
    if (!arguments.shards.empty()) {
      options.shards = parse_numbers(arguments.shards, static_cast<std::uint32_t>(kMaxShards));
    }
  });
  return arguments.mpi ? work_as_rank(arguments, options)
                       : tell(arguments, run(arguments, options, arguments.quiet));
}

}  // namespace

Command work_command() {
  return {
      "work", "Work on a job in shards, beside any number of others, until none is left",
      "gradspace work job", [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<WorkArguments>();
        WorkArguments& a = *arguments;
        app.add_option("job", a.job, "Folder of the job, which gradspace plan made")->required();
        app.add_option("--shards", a.shards,
                       "These alone, such as 3,17,40-44: also where they failed before or their "
                       "parts are damaged");
        app.add_flag("--retry-failed", a.options.retry_failed, "Also shards that failed before");
        app.add_flag("--no-wait", a.no_wait,
                     "End when all shards are done or others work on them; without it wait, and "
                     "take over from "
                     "workers that are lost");
        app.add_flag("--mpi", a.mpi,
                     "Work together with the other processes of an MPI job, such as mpirun starts, "
                     "which share a counter of shards");
        app.add_option("--threads", a.options.threads, "Threads to use; 0 = all cores")
            ->check(thread_count());
        app.add_option("--batch", a.options.batch, "Images a call of the backend")
            ->check(whole_number(1));
        app.add_flag("--quiet", a.quiet, "No progress");
        return [arguments] { return work(*arguments); };
      }};
}

}  // namespace gradspace::cli
