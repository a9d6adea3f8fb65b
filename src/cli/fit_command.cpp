// gradspace fit: a detector from feature sets.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "cli/progress.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/fit.h"

namespace gradspace::cli {
namespace {

struct Arguments {
  std::string inliers;
  std::string outliers;
  std::string validation_inliers;
  std::string validation_outliers;
  std::string out;
  bool quiet = false;
  FitOptions options;
  double false_alarms = 0;
};

std::optional<FeatureSet> open_optional(const std::string& path) {
  return path.empty() ? std::nullopt : std::optional<FeatureSet>(std::in_place, path);
}

int fit(const Arguments& arguments) {
  const FeatureSet inliers(arguments.inliers);
  const FeatureSet outliers(arguments.outliers);
  const std::optional<FeatureSet> validation_in = open_optional(arguments.validation_inliers);
  const std::optional<FeatureSet> validation_out = open_optional(arguments.validation_outliers);
  FitData data{inliers, outliers, validation_in ? &*validation_in : nullptr,
               validation_out ? &*validation_out : nullptr};
  FitOptions options = arguments.options;
  if (arguments.false_alarms > 0) {
    options.false_alarms = arguments.false_alarms;
  }
  Progress progress("fit", "epochs", arguments.quiet);
  const auto on_epoch = [&](const ClassifierEpoch& epoch) {
    progress.update(static_cast<std::size_t>(epoch.epoch),
                    static_cast<std::size_t>(options.classifier.epochs),
                    fmt::format("validation loss {:.4f}", epoch.validation_loss));
  };
  const Detector detector = fit_detector(data, options, on_epoch);
  write_detector(arguments.out, detector);
  progress.say(fmt::format("{}: threshold {:.4g}", arguments.out, detector.threshold));
  return 0;
}

}  // namespace

Command fit_command() {
  return {
      "fit", "Fit a detector to feature sets",
      "gradspace fit --inliers clean --outliers blurred --out detector.safetensors",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<Arguments>();
        Arguments& a = *arguments;
        app.add_option("--inliers", a.inliers, "Feature set of clean images")->required();
        app.add_option("--outliers", a.outliers, "Feature set of challenged images")->required();
        app.add_option("--val-inliers", a.validation_inliers,
                       "Clean validation set; without it a fifth of --inliers is held out");
        app.add_option("--val-outliers", a.validation_outliers,
                       "Challenged validation set; without it a fifth of --outliers is held out");
        app.add_option("--out", a.out, "Detector file to write (.safetensors)")->required();
        app.add_option("--method", a.options.method, "Kind of detector: classifier");
        app.add_option("--features", a.options.features,
                       "Columns to use, such as down.6:kld,up.6:bce; all without it");
        app.add_option("--epochs", a.options.classifier.epochs, "Passes over the longer set");
        app.add_option("--batch", a.options.classifier.batch, "Images of each class a step");
        app.add_option("--lr", a.options.classifier.learning_rate, "Adam's learning rate");
        app.add_option("--false-alarms", a.false_alarms,
                       "Set the threshold for this rate on clean validation images "
                       "(without it: probability 0.5)");
        app.add_option("--seed", a.options.classifier.seed, "Initialisation and order");
        app.add_flag("--quiet", a.quiet, "No progress");
        return [arguments] { return fit(*arguments); };
      }};
}

}  // namespace gradspace::cli
