// gradspace iqa-benchmark: how well quality metrics agree with people.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/progress.h"
#include "cli/quality_words.h"
#include "gradspace/error.h"
#include "gradspace/opinion_database.h"
#include "gradspace/quality.h"
#include "gradspace/report.h"
#include "gradspace/research/quality_benchmark.h"

namespace gradspace::cli {
namespace {

struct IqaBenchmarkArguments {
  QualityBenchmarkOptions options;
  bool lower_is_better = false;
  bool quiet = false;
};

int run_benchmark(const IqaBenchmarkArguments& arguments) {
  QualityBenchmarkOptions options = arguments.options;
  if (arguments.lower_is_better) {
    options.larger_is_better = false;
  }
  check_usage([&] { options.validate(); });
  for (const char* written : {"", "scores.csv", "results.json"}) {
    refuse_inputs(written[0] == '\0' ? options.out : options.out / written,
                  {options.path, options.decoder});
  }
  const InterruptGuard guard("gradspace: interrupted; the same command continues\n");
  QualityBenchmarkResult result;
  {
    Progress progress("score", "pairs", arguments.quiet);
    JobObserver observer;
    observer.on_progress = [&](std::size_t done, std::size_t total) {
      progress.update(done, total);
    };
    // Said even when quiet: the figures are of fewer pairs.
    observer.on_failure = [](std::string_view reason) { say("gradspace: {}", reason); };
    observer.on_remark = [&](std::string_view line) { progress.say(std::string(line)); };
    observer.stop_requested = [] { return InterruptGuard::requested(); };
    result = run_quality_benchmark(options, observer);
  }
  if (result.stopped) {
    say("gradspace: interrupted with {} pairs scored; the same command continues", result.pairs);
    return InterruptGuard::exit_status();
  }
  print_table(quality_benchmark_table(result));
  if (can_write_report()) {
    say("gradspace: {} shows it", write_report(options.out).string());
  }
  if (result.pairs < result.listed) {
    say("gradspace: {} of {} pairs could not be scored", result.listed - result.pairs,
        result.listed);
  }
  if (result.incomplete > 0) {
    say("gradspace: {} pairs lack the score of a metric", result.incomplete);
  }
  return result.pairs < result.listed || result.incomplete > 0 ? kFailed : kDone;
}

/// "tid2013 (TID2013), live (...)".
template <typename Infos>
std::string list_of(const Infos& infos) {
  std::string text;
  for (const auto& info : infos) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", info.name, info.summary);
  }
  return text;
}

std::function<int()> declare_iqa_benchmark(CLI::App& app) {
  const auto arguments = std::make_shared<IqaBenchmarkArguments>();
  QualityBenchmarkOptions& options = arguments->options;
  app.add_option("--database", options.database, list_of(all_opinion_databases()))
      ->required()
      ->check(one_of(names_of(all_opinion_databases())));
  app.add_option("path", options.path, "The database's folder; for csv the file")->required();
  app.add_option("--out", options.out, "Folder for scores.csv and results.json")->required();
  app.add_option("--metric", options.metrics, "Metrics, parted by commas: " + metric_list())
      ->delimiter(',')
      ->check(one_of(metric_words()));
  app.add_option("--decoder", options.decoder, "Decoder file instead of the one that ships");
  app.add_flag(
      "--lower-is-better", arguments->lower_is_better,
      "Opinions are difference scores: 0 is perfect (known of the other databases; for csv)");
  app.add_option("--resamples", options.agreement.resamples,
                 "Bootstrap resamples for the intervals; 0 = none")
      ->check(whole_number(0));
  app.add_option("--confidence", options.agreement.confidence, "Of the intervals")
      ->check(fraction());
  app.add_option("--seed", options.agreement.seed, "Of the resamples")->check(seed_number());
  app.add_option("--threads", options.threads, "Threads to use; 0 = all cores")
      ->check(thread_count());
  app.add_flag("--quiet", arguments->quiet, "No progress");
  app.parse_complete_callback(
      [&options] { options.metrics = quality_metric_names(options.metrics); });
  return [arguments] { return run_benchmark(*arguments); };
}

}  // namespace

Command iqa_benchmark_command() {
  return {"iqa-benchmark",
          "Hold quality metrics against people's opinions on an image database; continues after a "
          "stop",
          "gradspace iqa-benchmark --database tid2013 tid2013/ --out results",
          declare_iqa_benchmark};
}

}  // namespace gradspace::cli
