#include "cli/watched_experiment.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "gradspace/report.h"

namespace gradspace::cli {

int watch_experiment(const std::filesystem::path& out, bool quiet, bool intervals,
                     const std::function<ExperimentResult(const ExperimentObserver&)>& run) {
  const InterruptGuard interrupts("gradspace: interrupted; the same command continues\n");
  std::unique_ptr<Progress> progress;
  std::string stage_name;
  std::string unit_name;
  ExperimentObserver observer;
  observer.on_made_anew = [&](std::string_view stage, std::string_view why) {
    progress.reset();
    Progress(std::string(stage), "", quiet).say(fmt::format("{}: made anew: {}", stage, why));
  };
  observer.on_stage = [&](std::string_view stage, bool skipped) {
    progress.reset();
    stage_name = stage;
    Progress(stage_name, "", quiet)
        .say(skipped ? fmt::format("{}: there already", stage) : std::string(stage));
  };
  observer.on_progress = [&](std::size_t done, std::size_t total, std::string_view unit,
                             std::string_view note) {
    if (!progress || unit_name != unit) {
      unit_name = unit;
      progress = std::make_unique<Progress>(stage_name, unit_name, quiet);
    }
    progress->update(done, total, note);
  };
  std::size_t failures = 0;
  observer.on_failure = [&](std::string_view reason) {
    ++failures;
    progress.reset();
    say("gradspace: {}", reason);
  };
  observer.on_remark = [&](std::string_view line) {
    progress.reset();
    say("gradspace: {}", line);
  };
  observer.stop_requested = [] { return InterruptGuard::requested(); };

  const ExperimentResult result = run(observer);
  progress.reset();
  if (result.stopped) {
    say("gradspace: interrupted; the same command continues");
    return InterruptGuard::exit_status();
  }
  print_table(results_table(result.results, intervals));
  if (can_write_report()) {
    say("gradspace: {} shows it", (out / "report.html").string());
  }
  if (failures > 0) {
    say("gradspace: {} images could not be read and were left out", failures);
  }
  return failures > 0 ? kFailed : kDone;
}

}  // namespace gradspace::cli
