// gradspace fit-causes: what names the causes of a monitor's alarms.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/progress.h"
#include "cli/scoring.h"
#include "cli/source_options.h"
#include "gradspace/causes.h"
#include "gradspace/error.h"
#include "gradspace/output_lock.h"
#include "gradspace/source.h"

namespace gradspace::cli {
namespace {

struct FitCausesArguments {
  std::string model;
  std::string detector;
  std::string photos;
  std::filesystem::path out;
  CauseOptions options;
  SourceOptions source;
  int threads = 0;
  bool quiet = false;
};

void say_accuracy(std::string_view what, const CauseAccuracy& accuracy) {
  print_line("{}: {:.1f} % of damaged photographs get a name, of which {:.1f} % are right", what,
             100 * accuracy.named_of_all, 100 * accuracy.right_of_named);
}

int fit_causes_to(const FitCausesArguments& arguments) {
  check_usage([&] { arguments.options.validate(); });
  refuse_inputs(arguments.out, {arguments.photos, arguments.detector, arguments.model});
  check_target(arguments.out);
  const OutputLock lock = OutputLock::of_file(arguments.out);
  const DetectorWithModel read = read_detector_with_model(arguments.detector, arguments.model);
  const std::unique_ptr<Source> photographs =
      open_source(arguments.photos, SourceKind::kFolder, arguments.source);
  if (const std::string remark = passed_over(*photographs, arguments.photos); !remark.empty()) {
    say("gradspace: {}", remark);
  }
  const InterruptGuard guard;
  Progress progress("learn", "photographs", arguments.quiet);
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  observer.on_failure = [](std::string_view failure) { say("gradspace: left out: {}", failure); };
  observer.stop_requested = [] { return InterruptGuard::requested(); };
  const Causes causes = fit_causes(read.model_or_null(), read.detector, *photographs,
                                   arguments.options, arguments.threads, observer);
  if (InterruptGuard::requested()) {
    say("gradspace: interrupted: nothing is written");
    return InterruptGuard::exit_status();
  }
  write_causes(arguments.out, causes);
  print_line("{}: learned from {} photographs", arguments.out.string(), causes.photographs);
  say_accuracy("compared with clean frames of the camera", causes.scene_accuracy);
  say_accuracy("without any", causes.frame_accuracy);
  return kDone;
}

std::function<int()> declare_fit_causes(CLI::App& app) {
  auto arguments = std::make_shared<FitCausesArguments>();
  FitCausesArguments& a = *arguments;
  app.add_option("--model", a.model, "Model file; not for a detector without one");
  app.add_option("--detector", a.detector, "Detector file of the cameras")->required();
  app.add_option("--photos", a.photos, "Folder of clean photographs, searched with its folders")
      ->required();
  app.add_option("--out", a.out, "File to write, for a monitor's cameras")->required();
  declare_hidden(app, a.source);
  app.add_option("--certainty", a.options.certainty,
                 "Of the causes that are named, so many are to be right, 0.5 to 1")
      ->check(number_from(0.5))
      ->check(CLI::Range(0.5, 1.0));
  app.add_option("--seed", a.options.seed, "Of the damage")->check(seed_number());
  app.add_option("--threads", a.threads, "Threads to use; 0 = all cores")->check(thread_count());
  app.add_flag("--quiet", a.quiet, "No progress");
  return [arguments] { return fit_causes_to(*arguments); };
}

}  // namespace

Command fit_causes_command() {
  return {"fit-causes", "Learn to name what is wrong with frames that are out of distribution",
          "gradspace fit-causes --detector detector.safetensors --photos clean/ --out "
          "causes.safetensors",
          declare_fit_causes};
}

}  // namespace gradspace::cli
