// gradspace experiment: a whole experiment in one go.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "gradspace/challenge_files.h"
#include "gradspace/error.h"
#include "gradspace/experiment.h"
#include "gradspace/report.h"

namespace gradspace::cli {
namespace {

/// What the command line says, beside what goes into the options as it stands.
struct ExperimentArguments {
  ExperimentOptions options;
  OodExperiment ood;
  OneClassExperiment one_class;
  std::string data;
  std::string out;
  std::string spec;
  std::string challenges;
  std::string levels = "1-5";
  bool quiet = false;
};

ExperimentOptions resolve(const ExperimentArguments& arguments) {
  ExperimentOptions options = arguments.options;
  options.data = arguments.data;
  options.out = arguments.out;
  options.command_line = present_command_line();
  if (!arguments.spec.empty()) {
    options.spec = read_autoencoder_spec(arguments.spec);
  }
  if (!arguments.challenges.empty()) {
    options.challenges = challenge::parse_types(arguments.challenges);
  }
  if (options.gradient_backend.name == "torch") {
    options.gradient_backend.device = options.training_backend.device;
  }
  options.levels = challenge::parse_levels(arguments.levels);
  return options;
}

/// Runs an experiment under the progress bar and prints its table; the exit status.
int run_watched(const ExperimentOptions& options, bool quiet) {
  const InterruptGuard interrupts;
  std::unique_ptr<Progress> progress;
  std::string stage_name;
  std::string unit_name;
  ExperimentObserver observer;
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
    fmt::print(stderr, "gradspace: {}\n", reason);
  };
  observer.stop_requested = [] { return InterruptGuard::requested(); };

  const ExperimentResult result = run_experiment(options, observer);
  progress.reset();
  if (result.stopped) {
    fmt::print(stderr, "gradspace: stopped; the same command continues\n");
    return 1;
  }
  fmt::print("{}", results_table(result.results));
  if (can_write_report()) {
    fmt::print(stderr, "gradspace: {} shows it\n", (options.out / "report.html").string());
  }
  if (failures > 0) {
    fmt::print(stderr, "gradspace: {} images could not be read and were left out\n", failures);
  }
  return failures > 0 ? 1 : 0;
}

void declare_common(CLI::App& app, ExperimentArguments& a, const std::string& tested) {
  ExperimentOptions& options = a.options;
  app.add_option("--data", a.data, "Folder with RealChallengeFree/{train,val,test}")->required();
  app.add_option("--out", a.out, "Folder for results; what is there already is used")->required();
  app.add_option("--runs", options.runs, "Repeat with this many seeds");
  app.add_option("--epochs", options.training.epochs, "Epochs of the autoencoder");
  app.add_option("--batch", options.training.batch, "Images a training step");
  app.add_option("--lr", options.training.learning_rate, "Adam's learning rate");
  app.add_option("--beta", options.training.beta, "Weight of the KLD");
  app.add_option("--seed", options.training.seed, "Seed of the autoencoder's first run");
  app.add_option("--spec", a.spec, "Description of the autoencoder (JSON)");
  app.add_option("--classifier-epochs", options.classifier.epochs, "Epochs of the classifiers");
  app.add_option("--classifier-seed", options.classifier.seed,
                 "Seed of the first run's classifiers and other detectors");
  app.add_option(
      "--challenges", a.challenges,
      "Types to test against, such as rain,noise or 9,8 or all (default: " + tested + ")");
  app.add_option("--levels", a.levels, "Levels to test against, such as 1-5 or 1,3");
  app.add_flag("--make-challenges", options.make_challenges,
               "Make challenged images in memory even where there is a RealChallenge folder");
  app.add_option("--challenge-seed", options.challenge_seed, "Seed of those made in memory");
  app.add_flag("--post-production", options.challenge.post_production,
               "Leave the sensor's noise floor out of those made in memory");
  app.add_option("--train-backend", options.training_backend.name, "What trains: native or torch")
      ->check(CLI::IsMember({"native", "torch"}));
  app.add_option("--backend", options.gradient_backend.name, "What extracts: native or torch")
      ->check(CLI::IsMember({"native", "torch"}));
  app.add_option("--device", options.training_backend.device, "cpu or cuda, for torch");
  app.add_option("--threads", options.threads, "Threads to use; 0 = all cores");
  app.add_flag("--quiet", a.quiet, "No progress");
}

std::function<int()> declare_ood(CLI::App& app) {
  const auto arguments = std::make_shared<ExperimentArguments>();
  declare_common(app, *arguments, "the paper's six");
  return [arguments] {
    ExperimentOptions options = resolve(*arguments);
    options.kind = arguments->ood;
    return run_watched(options, arguments->quiet);
  };
}

std::function<int()> declare_one_class(CLI::App& app) {
  const auto arguments = std::make_shared<ExperimentArguments>();
  OneClassExperiment& experiment = arguments->one_class;
  declare_common(app, *arguments, "all twelve");
  app.add_option("--methods", experiment.methods, "Only these, comma-separated (default: all)")
      ->delimiter(',');
  app.add_option("--false-alarms", experiment.false_alarms,
                 "Share of clean images called out at the thresholds");
  app.add_option("--leave-group-out-level,--stand-in-level", experiment.leave_group_out_level,
                 "Level of the challenges that leave-group-out is trained on");
  app.add_option("--gradcon-epochs", experiment.gradcon_epochs, "Epochs of gradcon's autoencoder");
  return [arguments] {
    ExperimentOptions options = resolve(*arguments);
    options.kind = arguments->one_class;
    return run_watched(options, arguments->quiet);
  };
}

}  // namespace

Command experiment_command() {
  return {"experiment",
          "Run a whole experiment: train, extract, fit, evaluate; continues after a stop",
          "gradspace experiment ood --data CURE-TSR --out results --runs 5",
          [](CLI::App& app) -> std::function<int()> {
            app.require_subcommand(1);
            CLI::App* ood = app.add_subcommand(
                "ood", "The paper's: four methods, trained on blur, tested on other challenges");
            CLI::App* one_class = app.add_subcommand(
                "one-class", "All one-class methods, which learn from clean images alone");
            const std::function<int()> run_ood = declare_ood(*ood);
            const std::function<int()> run_one_class = declare_one_class(*one_class);
            return [=] { return ood->parsed() ? run_ood() : run_one_class(); };
          }};
}

}  // namespace gradspace::cli
