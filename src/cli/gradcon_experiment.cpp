#include "cli/gradcon_experiment.h"

#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/option_values.h"
#include "cli/training.h"
#include "cli/watched_experiment.h"
#include "gradspace/research/gradcon_experiment.h"

namespace gradspace::cli {
namespace {

struct GradConExperimentArguments {
  GradConExperimentOptions options;
  std::string source = "auto";
  bool quiet = false;
};

int run_by_class(GradConExperimentArguments arguments) {
  GradConExperimentOptions& options = arguments.options;
  options.source = parse_source_kind(arguments.source);
  options.command_line = present_command_line();
  check_usage([&] { options.validate(); });
  return watch_experiment(options.out, arguments.quiet, false,
                          [&](const ExperimentObserver& observer) {
                            return run_gradcon_experiment(options, observer);
                          });
}

}  // namespace

std::function<int()> declare_gradcon_experiment(CLI::App& app) {
  const auto arguments = std::make_shared<GradConExperimentArguments>();
  GradConExperimentOptions& options = arguments->options;
  app.add_option("--data", options.data, "Labelled images: a folder of IDX files, or of CIFAR-10's")
      ->required();
  app.add_option("--source", arguments->source,
                 "auto, cure-tsr, folder, idx, cifar10, tar, list or video")
      ->check(parsed_by(parse_source_kind));
  app.add_option("--out", options.out, "Folder for results; what is there already is used")
      ->required();
  app.add_option("--classes", options.classes, "Inlier classes, such as 0,4,6 (default: all)")
      ->check(whole_number(0))
      ->delimiter(',');
  app.add_option("--runs", options.runs, "Repeat with this many seeds")
      ->check(whole_number(1, 1000));
  app.add_option("--latent", options.latent,
                 "Latent variables; over 0 the autoencoder is variational (the paper's: 576)")
      ->check(whole_number(0));
  app.add_option("--gradient-weight", options.gradient_weight,
                 "Weight of the gradient in the score")
      ->check(finite_number());
  declare_gradcon_training(app, options.training, options.gradcon);
  app.add_option("--threads", options.threads, "Threads to use; 0 = all cores")
      ->check(thread_count());
  app.add_flag("--quiet", arguments->quiet, "No progress");
  return [arguments] { return run_by_class(*arguments); };
}

}  // namespace gradspace::cli
