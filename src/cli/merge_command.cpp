// gradspace merge: the parts of a job in shards as one feature set.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/progress.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"
#include "gradspace/feature_table.h"

namespace gradspace::cli {
namespace {

struct MergeArguments {
  std::string job;
  std::string copy;
  std::string csv;
  bool verify = false;
  bool allow_missing = false;
  bool quiet = false;
};

/// False when it was interrupted.
bool write_table(const MergeArguments& arguments) {
  Progress progress("merge", "rows", arguments.quiet);
  const InterruptGuard interrupt;
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  observer.stop_requested = [] { return InterruptGuard::requested(); };
  const FeatureSet set(arguments.copy.empty() ? arguments.job : arguments.copy);
  return write_feature_table(set, arguments.csv, observer);
}

int merge(const MergeArguments& arguments) {
  if (!arguments.copy.empty()) {
    refuse_inputs(arguments.copy, {arguments.job});
  }
  check_table_target(arguments.csv, {arguments.job});
  if (!arguments.csv.empty() && read_plan(arguments.job).options.moments) {
    throw InvalidArgument(fmt::format(
        "{}: keeps moments of its images, which a table of them has no row of", arguments.job));
  }
  MergeResult result;
  {
    Progress progress("merge", "parts", arguments.quiet);
    const InterruptGuard interrupt;
    JobObserver observer;
    observer.on_progress = [&](std::size_t done, std::size_t total) {
      progress.update(done, total);
    };
    observer.on_failure = [&](std::string_view line) { progress.say_failure(line); };
    observer.stop_requested = [] { return InterruptGuard::requested(); };
    result = merge_parts(arguments.job, {arguments.verify, arguments.allow_missing, arguments.copy},
                         observer);
    if (result.stopped) {
      say("gradspace: interrupted; the same command goes on");
      return InterruptGuard::exit_status();
    }
  }
  const bool is_merged = result.missing.empty() || arguments.allow_missing;
  if (is_merged && !arguments.csv.empty() && !write_table(arguments)) {
    say("gradspace: interrupted; {} is not written", arguments.csv);
    return InterruptGuard::exit_status();
  }
  if (!result.missing.empty()) {
    say("gradspace: {}: {} shards have no part: {}; gradspace work {} --shards makes them",
        arguments.job, result.missing.size(), numbers_text(result.missing), arguments.job);
    if (!arguments.allow_missing) {
      return kFailed;
    }
  }
  print_line("{}: {} parts, {} rows, {} images could not be read",
             arguments.copy.empty() ? arguments.job : arguments.copy, result.parts, result.rows,
             result.failures);
  return result.missing.empty() ? kDone : kFailed;
}

}  // namespace

Command merge_command() {
  return {
      "merge",
      "Make one feature set of the parts of a job in shards, without copying them, or the sum of "
      "their moments",
      "gradspace merge job", [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<MergeArguments>();
        MergeArguments& a = *arguments;
        app.add_option("job", a.job, "Folder of the job, which then is a feature set itself")
            ->required();
        app.add_flag("--verify", a.verify,
                     "Read every byte of the parts and hold it against its checksum");
        app.add_flag("--allow-missing", a.allow_missing,
                     "Leave out shards that have no part; the status is still 1");
        app.add_option("--copy", a.copy,
                       "Write one feature set of all rows to this folder instead, or of a job of "
                       "moments their sum to this file");
        app.add_option("--csv", a.csv,
                       "Also write a table of the images with their losses, and of a job of "
                       "scores with these, to this file, .csv or .csv.zst");
        app.add_flag("--quiet", a.quiet, "No progress");
        return [arguments] { return merge(*arguments); };
      }};
}

}  // namespace gradspace::cli
