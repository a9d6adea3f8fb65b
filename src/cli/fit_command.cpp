// gradspace fit: a detector from feature sets.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/fast_decode.h"
#include "cli/option_values.h"
#include "cli/output_target.h"
#include "cli/progress.h"
#include "cli/source_options.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/fit.h"
#include "gradspace/fit_features.h"
#include "gradspace/fit_settings.h"
#include "gradspace/moments.h"
#include "gradspace/one_class.h"
#include "gradspace/photograph.h"
#include "gradspace/source.h"
#include "gradspace/tiles.h"

namespace gradspace::cli {
namespace {

struct FitArguments {
  std::string model;
  std::string data;
  std::string validation_data;
  std::string inliers;
  std::string outliers;
  std::string validation_inliers;
  std::string validation_outliers;
  std::string out;
  bool quiet = false;
  FitSettings settings;
  SourceOptions source;
  std::string size;
  bool fast_decode = false;
};

std::string photograph_names() {
  std::string names;
  for (const PhotographMethodInfo& method : photograph_methods()) {
    names += (names.empty() ? "" : ", ") + method.name;
  }
  return names;
}

std::optional<FeatureSet> open_optional(const std::string& path) {
  return path.empty() ? std::nullopt : std::optional<FeatureSet>(std::in_place, path);
}

JobObserver observer_of(Progress& progress) {
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  observer.on_failure = [&](std::string_view line) { progress.say(line); };
  observer.on_remark = [&](std::string_view line) { progress.say(line); };
  return observer;
}

void write_fitted(const FitArguments& arguments, const Detector& detector, Progress& progress) {
  write_detector(arguments.out, detector);
  progress.say(fmt::format("{}: threshold {:.4g}", arguments.out, detector.threshold));
}

/// How many of the model's members a request for features is of; empty = all.
std::size_t members_asked_for(const std::string& features, const FeatureSet& set) {
  const std::size_t all = member_count(set.meta().columns);
  std::size_t asked = features.empty() ? all : 1;
  for (const FeatureTerm& term : parse_feature_terms(features, all)) {
    asked = std::max(asked, term.member.value_or(all - 1) + 1);
  }
  return asked;
}

/// Of a one-class method.
bool needs_model(const std::string& method) {
  const std::vector<OneClassMethodInfo> methods = one_class_methods();
  return std::ranges::find(methods, method, &OneClassMethodInfo::name)->needs_model;
}

/// Where there is no model: of three channels, as --size says.
Extent image_extent(const FitArguments& arguments) {
  const Extent usual = AutoencoderSpec().input;
  const PixelSize size = arguments.size.empty() ? PixelSize{usual.width, usual.height}
                                                : parse_pixel_size(arguments.size);
  return {3, size.height, size.width};
}

int fit_from_images(const FitArguments& arguments) {
  const bool lacks_model = arguments.model.empty() && needs_model(arguments.settings.method);
  if (lacks_model || arguments.data.empty() || !arguments.inliers.empty() ||
      !arguments.outliers.empty()) {
    throw InvalidArgument(fmt::format(
        "fit: {} learns from clean images alone: give {}--data, no feature sets",
        arguments.settings.method, needs_model(arguments.settings.method) ? "--model and " : ""));
  }
  std::optional<Model> model;
  if (!arguments.model.empty()) {
    model = read_model(arguments.model);
    require_decoding(arguments.fast_decode, decoding_in(model->metadata).value_or(Decoding::kExact),
                     arguments.model);
  }
  const OneClassOptions options = one_class_options(arguments.settings);
  options.validate();
  const std::unique_ptr<Source> clean =
      open_source(arguments.data, SourceKind::kAuto, arguments.source);
  const std::unique_ptr<Source> validation =
      arguments.validation_data.empty()
          ? nullptr
          : open_source(arguments.validation_data, SourceKind::kAuto, arguments.source);
  Progress progress("read", "images", arguments.quiet);
  say_passed_over(progress, *clean, arguments.data);
  if (validation != nullptr) {
    say_passed_over(progress, *validation, arguments.validation_data);
  }
  const CleanSources sources{*clean, validation.get(), arguments.settings.hold_out,
                             arguments.fast_decode ? Decoding::kFast : Decoding::kExact};
  const JobObserver observer = observer_of(progress);
  const Detector detector =
      model ? fit_to_images(*model, sources, options, 0, observer)
            : fit_to_images(image_extent(arguments), sources, options, 0, observer);
  write_fitted(arguments, detector, progress);
  return 0;
}

/// Of photographs by their tiles: as --tiles says, or as the model was trained.
int fit_to_photographs(const FitArguments& arguments) {
  if (!arguments.validation_data.empty()) {
    throw WrongUsage("fit: --val does not go with tiles: a part of the photographs is held out");
  }
  if (arguments.data.empty() || !arguments.inliers.empty() || !arguments.outliers.empty()) {
    throw WrongUsage(
        fmt::format("fit: {} learns from clean photographs alone: give --data, no feature sets",
                    arguments.settings.method));
  }
  std::optional<Model> model;
  if (!arguments.model.empty()) {
    model = read_model(arguments.model);
  }
  const PhotographOptions options =
      photograph_options(arguments.settings, model ? &*model : nullptr);
  const std::unique_ptr<Source> clean =
      open_source(arguments.data, SourceKind::kAuto, arguments.source);
  Progress progress("learn", "photographs", arguments.quiet);
  say_passed_over(progress, *clean, arguments.data);
  const Detector detector =
      fit_photographs(model ? &*model : nullptr, *clean, options, 0, observer_of(progress));
  write_fitted(arguments, detector, progress);
  return 0;
}

/// What is not fitted to moments.
void require_rows(const std::string& path, const std::string& method) {
  if (holds_moments(path)) {
    throw InvalidArgument(
        fmt::format("{}: holds moments, and {} learns from rows; mahalanobis and "
                    "independent-gaussian take moments",
                    path, method));
  }
}

int fit_from_moments(const FitArguments& arguments) {
  if (arguments.validation_inliers.empty() || holds_moments(arguments.validation_inliers)) {
    throw WrongUsage(
        "fit: moments have no rows that could set a threshold: give a feature set of other clean "
        "images as --val-inliers");
  }
  const FeatureMoments inliers = read_moments(arguments.inliers);
  require_decoding(arguments.fast_decode, inliers.meta.decoding, arguments.inliers);
  const FeatureSet validation(arguments.validation_inliers);
  Progress progress("fit", "rows", arguments.quiet);
  const Detector detector =
      fit_to_moments(inliers, validation, feature_fit_options(arguments.settings));
  write_fitted(arguments, detector, progress);
  return 0;
}

int fit_from_features(const FitArguments& arguments) {
  if (arguments.inliers.empty() || !arguments.outliers.empty() ||
      !arguments.validation_outliers.empty() || !arguments.data.empty()) {
    throw WrongUsage(
        fmt::format("fit: {} learns from clean features alone: give --inliers, and --val-inliers",
                    arguments.settings.method));
  }
  if (holds_moments(arguments.inliers)) {
    return fit_from_moments(arguments);
  }
  const FeatureSet inliers(arguments.inliers);
  require_decoding(arguments.fast_decode, inliers.meta().decoding, arguments.inliers);
  const std::optional<FeatureSet> validation = open_optional(arguments.validation_inliers);
  Progress progress("fit", "rows", arguments.quiet);
  const Detector detector = fit_to_features({inliers, validation ? &*validation : nullptr},
                                            feature_fit_options(arguments.settings));
  write_fitted(arguments, detector, progress);
  return 0;
}

int fit(FitArguments arguments) {
  if (arguments.settings.method.empty()) {
    arguments.settings.method = !arguments.settings.tiles ? "classifier" : "photograph";
  }
  if (arguments.settings.two_sided && arguments.settings.method != "classifier") {
    throw WrongUsage("fit: --two-sided goes with --method classifier");
  }
  refuse_inputs(arguments.out,
                {arguments.model, arguments.data, arguments.validation_data, arguments.inliers,
                 arguments.outliers, arguments.validation_inliers, arguments.validation_outliers});
  const bool takes_size = !arguments.settings.tiles &&
                          is_one_class_method(arguments.settings.method) &&
                          !needs_model(arguments.settings.method);
  if (!arguments.size.empty() && !takes_size) {
    throw WrongUsage(
        fmt::format("fit: --size goes with methods that need no model and look at images whole, "
                    "not with {}{}",
                    arguments.settings.method, !arguments.settings.tiles ? "" : " and --tiles"));
  }
  const bool by_tiles =
      arguments.settings.tiles.has_value() && is_one_class_method(arguments.settings.method);
  if (is_photograph_method(arguments.settings.method) || by_tiles) {
    refuse_fast_tiles(arguments.fast_decode, "fit");
    return fit_to_photographs(arguments);
  }
  if (arguments.settings.tiles.has_value()) {
    throw WrongUsage(
        fmt::format("fit: --tiles goes with {} and the methods that learn from clean images alone",
                    photograph_names()));
  }
  if (arguments.settings.stride) {
    throw WrongUsage("fit: --stride is a distance of tiles: give --tiles, too");
  }
  if (is_one_class_method(arguments.settings.method)) {
    return fit_from_images(arguments);
  }
  if (is_feature_method(arguments.settings.method)) {
    return fit_from_features(arguments);
  }
  if (arguments.inliers.empty() || arguments.outliers.empty()) {
    throw InvalidArgument(
        fmt::format("fit: {} wants --inliers and --outliers", arguments.settings.method));
  }
  require_rows(arguments.inliers, arguments.settings.method);
  require_rows(arguments.outliers, arguments.settings.method);
  const FeatureSet inliers(arguments.inliers);
  require_decoding(arguments.fast_decode, inliers.meta().decoding, arguments.inliers);
  const FeatureSet outliers(arguments.outliers);
  const std::optional<FeatureSet> validation_in = open_optional(arguments.validation_inliers);
  const std::optional<FeatureSet> validation_out = open_optional(arguments.validation_outliers);
  if (arguments.settings.method != "classifier") {
    throw InvalidArgument(
        fmt::format("fit: method \"{}\" can't be fitted to feature sets, only classifier can",
                    arguments.settings.method));
  }
  const FitData data{inliers, outliers, validation_in ? &*validation_in : nullptr,
                     validation_out ? &*validation_out : nullptr};
  const FitOptions options = classifier_fit_options(arguments.settings);
  Progress progress("fit", "epochs", arguments.quiet);
  const std::size_t members = members_asked_for(options.features, inliers);
  std::size_t epochs = 0;
  const auto on_epoch = [&](const ClassifierEpoch& epoch) {
    progress.update(++epochs, members * static_cast<std::size_t>(options.classifier.epochs),
                    fmt::format("validation loss {:.4f}", epoch.validation_loss));
  };
  const Detector detector = fit_detector(data, options, on_epoch);
  write_fitted(arguments, detector, progress);
  return 0;
}

}  // namespace

Command fit_command() {
  return {
      "fit", "Fit a detector to feature sets, or to clean images",
      "gradspace fit --inliers clean --outliers blurred --out detector.safetensors",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<FitArguments>();
        FitArguments& a = *arguments;
        app.add_option("--inliers", a.inliers,
                       "Feature set of clean images, or matrix of features (.npy); for mahalanobis "
                       "and independent-gaussian also their moments");
        app.add_option("--outliers", a.outliers, "The same of challenged images");
        app.add_option(
            "--val-inliers", a.validation_inliers,
            "Clean validation set; without it a fifth of --inliers is held out. Moments have "
            "no rows to hold out: beside them it is needed");
        app.add_option("--val-outliers", a.validation_outliers,
                       "Challenged validation set; without it a fifth of --outliers is held out");
        app.add_option("--out", a.out, "Detector file to write (.safetensors)")->required();
        std::string methods =
            "classifier (if nothing is said); one for photographs by their tiles: " +
            photograph_names() +
            " (photograph with --tiles, if nothing is said); or one that learns from clean images "
            "alone:";
        for (const OneClassMethodInfo& method : one_class_methods()) {
          methods += " " + method.name;
        }
        methods += "; or one that learns from clean rows of --inliers alone:";
        for (const OneClassMethodInfo& method : feature_methods()) {
          methods += " " + method.name;
        }
        std::vector<std::string> names = names_of(one_class_methods());
        const std::vector<std::string> photographs = names_of(photograph_methods());
        names.insert(names.begin(), photographs.begin(), photographs.end());
        names.insert(names.begin(), "classifier");
        const std::vector<std::string> of_features = names_of(feature_methods());
        names.insert(names.end(), of_features.begin(), of_features.end());
        app.add_option("--method", a.settings.method, methods)->check(one_of(names));
        auto* model =
            app.add_option("--model", a.model,
                           "Model file, for methods that learn from clean images; those that are "
                           "called image-... and photograph-image need none");
        app.add_option("--size", a.size,
                       "Without a model, the size that images are fitted to, width first, such as "
                       "64x64 (default: 28x28)")
            ->check(parsed_by(parse_pixel_size))
            ->excludes(model);
        app.add_option("--data", a.data, "Clean images, for the same");
        app.add_option("--val", a.validation_data,
                       "Clean validation images; without them a fifth of --data is held out");
        app.add_option_function<std::string>(
               "--tiles", [&a](const std::string& text) { a.settings.tiles = parse_tiling(text); },
               "Judge photographs by tiles of this size, such as 28x28, with a method for "
               "photographs (default of these: the model's input, or 28x28) or one that "
               "learns from clean images alone")
            ->check(parsed_by(parse_tiling));
        app.add_option_function<std::string>(
               "--stride",
               [&a](const std::string& text) { a.settings.stride = parse_pixel_size(text); },
               "Distance of neighbouring tiles, such as 14x14 (default: a tile's size)")
            ->check(parsed_by(parse_pixel_size));
        app.add_option_function<std::string>(
               "--hold-out",
               [&a](const std::string& text) { a.settings.hold_out = parse_hold_out(text); },
               "How clean images are parted into those that are learned from and those that judge: "
               "blocks (of consecutive names; default of more than 50 images), folders or random")
            ->check(parsed_by(parse_hold_out));
        declare_hidden(app, a.source);
        declare_fast_decode(app, a.fast_decode);
        app.add_option("--distortions", a.settings.distortions,
                       "Families of distorted copies to learn from, of occlusion,tone,filter,"
                       "noise,colour,light (default: all)")
            ->check(one_of({"occlusion", "tone", "filter", "noise", "colour", "light"}))
            ->delimiter(',');
        app.add_option("--memory", a.settings.memory_gib,
                       "Most that a method may take for the covariance of a large model's columns, "
                       "in GiB")
            ->check(number_over(0));
        app.add_option("--features", a.settings.features,
                       "Columns to use, such as down.6:kld,up.6:bce; all without it");
        app.add_option("--epochs", a.settings.epochs, "Passes over the longer set")
            ->check(whole_number(1));
        app.add_option("--batch", a.settings.batch, "Images of each class a step")
            ->check(whole_number(1));
        app.add_option("--lr", a.settings.learning_rate, "Adam's learning rate")
            ->check(number_over(0));
        app.add_option("--false-alarms", a.settings.false_alarms,
                       "Set the threshold for this rate on clean validation images "
                       "(without it: probability 0.5, or a rate of 0.01 for clean images alone)")
            ->check(fraction());
        app.add_flag("--two-sided", a.settings.two_sided,
                     "A classifier's score is the distance from the middle of clean validation "
                     "images, to either side (without --false-alarms the threshold is for 0.05)");
        app.add_option("--seed", a.settings.seed, "Initialisation and order")->check(seed_number());
        app.add_flag("--quiet", a.quiet, "No progress");
        return [arguments] { return fit(*arguments); };
      }};
}

}  // namespace gradspace::cli
