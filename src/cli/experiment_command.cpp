// gradspace experiment: a whole experiment in one go.
#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/gradcon_experiment.h"
#include "cli/option_values.h"
#include "cli/watched_experiment.h"
#include "gradspace/challenge_files.h"
#include "gradspace/research/experiment.h"
#include "gradspace/tiles.h"

namespace gradspace::cli {
namespace {

/// What the command line says, beside what goes into the options as it stands.
struct ExperimentArguments {
  ExperimentOptions options;
  OodExperiment ood;
  OneClassExperiment one_class;
  std::string data;
  std::string out;
  std::string model;
  std::string spec;
  std::string challenges;
  std::string levels = "1-5";
  std::string strength;  ///< empty: relative to the image; to pixels where there are tiles
  std::string size;
  std::string tiles;
  std::string stride;
  bool intervals = false;
  bool quiet = false;
};

ExperimentOptions resolve(const ExperimentArguments& arguments) {
  ExperimentOptions options = arguments.options;
  options.data = arguments.data;
  options.out = arguments.out;
  options.command_line = present_command_line();
  options.model = arguments.model;
  const std::string& size = arguments.size.empty() ? arguments.tiles : arguments.size;
  if (!arguments.spec.empty()) {
    options.spec = read_autoencoder_spec(arguments.spec);
  } else if (!size.empty()) {
    options.spec = autoencoder_of_size(size);
  }
  if (!arguments.challenges.empty()) {
    options.challenges = challenge::parse_types(arguments.challenges);
  }
  if (options.gradient_backend.name == "torch") {
    options.gradient_backend.device = options.training_backend.device;
  }
  options.levels = challenge::parse_levels(arguments.levels);
  if (!arguments.strength.empty()) {
    options.challenge.strength = challenge::parse_strength(arguments.strength);
  } else if (!arguments.tiles.empty()) {
    options.challenge.strength = challenge::Strength::kPixels;
  }
  return options;
}

int run_resolved(const ExperimentOptions& options, const ExperimentArguments& arguments) {
  check_usage([&] { options.validate(); });
  return watch_experiment(
      options.out, arguments.quiet, arguments.intervals,
      [&](const ExperimentObserver& observer) { return run_experiment(options, observer); });
}

/// Options of what `model` takes the place of.
void declare_autoencoder(CLI::App& app, ExperimentArguments& a, CLI::Option& model) {
  ExperimentTraining& training = a.options.training;
  app.add_option("--epochs", training.epochs, "Epochs of the autoencoder")
      ->check(whole_number(1))
      ->excludes(&model);
  app.add_option("--batch", training.batch, "Images a training step")
      ->check(whole_number(1))
      ->excludes(&model);
  app.add_option("--lr", training.learning_rate, "Adam's learning rate")
      ->check(number_over(0))
      ->excludes(&model);
  app.add_option("--beta", training.beta, "Weight of the KLD")
      ->check(number_from(0))
      ->excludes(&model);
  app.add_option("--seed", training.seed, "Seed of the autoencoder's first run")
      ->check(seed_number())
      ->excludes(&model);
  CLI::Option* spec = app.add_option("--spec", a.spec, "Description of the autoencoder (JSON)");
  spec->excludes(&model);
  app.add_option(
         "--size", a.size,
         "Size of the autoencoder's input, width first, such as 64x64: images are shrunk to "
         "it (default: 28x28)")
      ->check(parsed_by(parse_pixel_size))
      ->excludes(spec)
      ->excludes(&model);
}

void declare_common(CLI::App& app, ExperimentArguments& a, const std::string& tested) {
  ExperimentOptions& options = a.options;
  app.add_option("--data", a.data,
                 "Folder with RealChallengeFree/{train,val,test}, or CURE-TSR as it is distributed")
      ->required();
  app.add_option("--out", a.out, "Folder for results; what is there already is used")->required();
  app.add_option("--runs", options.runs, "Repeat with this many seeds")
      ->check(whole_number(1, 1000));
  CLI::Option* model = app.add_option(
      "--model", a.model, "Take this autoencoder, trained or imported, instead of training one");
  declare_autoencoder(app, a, *model);
  app.add_option("--classifier-epochs", options.classifier.epochs, "Epochs of the classifiers")
      ->check(whole_number(1));
  app.add_option("--classifier-seed", options.classifier.seed,
                 "Seed of the first run's classifiers and other detectors")
      ->check(seed_number());
  app.add_option(
         "--challenges", a.challenges,
         "Types to test against, such as rain,noise or 9,8 or all (default: " + tested + ")")
      ->check(parsed_by(challenge::parse_types));
  app.add_option("--levels", a.levels, "Levels to test against, such as 1-5 or 1,3")
      ->check(parsed_by(challenge::parse_levels));
  app.add_flag("--make-challenges", options.make_challenges,
               "Make challenged images in memory even where there is a RealChallenge folder");
  app.add_option("--challenge-seed", options.challenge_seed, "Seed of those made in memory")
      ->check(seed_number());
  app.add_option(
         "--strength", a.strength,
         "What the sizes of those made in memory are relative to: image or pixels (default: "
         "image; pixels with tiles)")
      ->check(parsed_by(challenge::parse_strength));
  app.add_flag("--post-production", options.challenge.post_production,
               "Leave the sensor's noise floor out of those made in memory");
  app.add_option("--train-backend", options.training_backend.name, "What trains: native or torch")
      ->check(CLI::IsMember({"native", "torch"}))
      ->excludes(model);
  app.add_option("--backend", options.gradient_backend.name, "What extracts: native or torch")
      ->check(CLI::IsMember({"native", "torch"}));
  app.add_option("--device", options.training_backend.device, "cpu or cuda, for torch");
  app.add_flag("--intervals", a.intervals,
               "Print the 95 % interval of each mean AUROC, over images and runs, in the place of "
               "the deviation between runs");
  app.add_option("--threads", options.threads, "Threads to use; 0 = all cores")
      ->check(thread_count());
  app.add_flag("--quiet", a.quiet, "No progress");
}

std::function<int()> declare_ood(CLI::App& app) {
  const auto arguments = std::make_shared<ExperimentArguments>();
  declare_common(app, *arguments, "the paper's six");
  app.add_option("--members", arguments->ood.members,
                 "Autoencoders a run: beside the paper's rows, those of all their classifiers "
                 "together, one- and two-sided")
      ->check(whole_number(1, kMaxMembers))
      ->excludes(app.get_option("--model"));
  return [arguments] {
    ExperimentOptions options = resolve(*arguments);
    options.kind = arguments->ood;
    return run_resolved(options, *arguments);
  };
}

void declare_tiles(CLI::App& app, ExperimentArguments& a) {
  CLI::Option* tiles = app.add_option(
      "--tiles", a.tiles,
      "Judge photographs by tiles of this size, such as 28x28, cut at their own resolution");
  tiles->check(parsed_by(parse_tiling))->excludes(app.get_option("--size"));
  app.add_option("--stride", a.stride,
                 "Distance of neighbouring tiles, such as 14x14 (default: a tile's size)")
      ->check(parsed_by(parse_pixel_size))
      ->needs(tiles);
  app.add_option(
         "--tiles-per-image", a.one_class.tiles_per_image,
         "Tiles of each photograph that the autoencoder learns from (default: 4 to 100, for "
         "20000 in all)")
      ->check(whole_number(1))
      ->needs(tiles)
      ->excludes(app.get_option("--model"));
}

std::optional<Tiling> tiling_of(const ExperimentArguments& arguments) {
  if (arguments.tiles.empty()) {
    return std::nullopt;
  }
  return with_stride(parse_tiling(arguments.tiles), arguments.stride);
}

std::function<int()> declare_one_class(CLI::App& app) {
  const auto arguments = std::make_shared<ExperimentArguments>();
  OneClassExperiment& experiment = arguments->one_class;
  declare_common(app, *arguments, "all twelve");
  app.add_option("--methods", experiment.methods, "Only these, comma-separated (default: all)")
      ->delimiter(',');
  app.add_option("--false-alarms", experiment.false_alarms,
                 "Share of clean images called out at the thresholds")
      ->check(fraction());
  app.add_option("--leave-group-out-level,--stand-in-level", experiment.leave_group_out_level,
                 "Level of the challenges that leave-group-out is trained on")
      ->check(whole_number(1, 5));
  app.add_option("--gradcon-epochs", experiment.gradcon_epochs, "Epochs of gradcon's autoencoder")
      ->check(whole_number(1));
  app.add_option(
         "--members", experiment.members,
         "Autoencoders a run: beside each method that asks the model, its mean score by all "
         "of them")
      ->check(whole_number(1, kMaxMembers))
      ->excludes(app.get_option("--model"));
  declare_tiles(app, *arguments);
  return [arguments] {
    ExperimentOptions options = resolve(*arguments);
    arguments->one_class.tiles = tiling_of(*arguments);
    options.kind = arguments->one_class;
    return run_resolved(options, *arguments);
  };
}

}  // namespace

Command experiment_command() {
  return {
      "experiment", "Run a whole experiment: train, extract, fit, evaluate; continues after a stop",
      "gradspace experiment ood --data CURE-TSR --out results --runs 5",
      [](CLI::App& app) -> std::function<int()> {
        app.require_subcommand(1);
        CLI::App* ood = app.add_subcommand(
            "ood", "The paper's: four methods, trained on blur, tested on other challenges");
        CLI::App* one_class = app.add_subcommand(
            "one-class", "All one-class methods, which learn from clean images alone");
        CLI::App* gradcon = app.add_subcommand(
            "gradcon", "GradCon's: each class of a labelled source in turn as the known one");
        show_example(*ood, "gradspace experiment ood --data CURE-TSR --out results --runs 5");
        show_example(*one_class,
                     "gradspace experiment one-class --data signs --out results --runs 3");
        show_example(*gradcon,
                     "gradspace experiment gradcon --data fashion-mnist --epochs 40 --out results");
        const std::function<int()> run_ood = declare_ood(*ood);
        const std::function<int()> run_one_class = declare_one_class(*one_class);
        const std::function<int()> run_gradcon = declare_gradcon_experiment(*gradcon);
        return [=] {
          return ood->parsed() ? run_ood() : one_class->parsed() ? run_one_class() : run_gradcon();
        };
      }};
}

}  // namespace gradspace::cli
