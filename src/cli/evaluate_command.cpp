// gradspace evaluate: how well a detector tells outliers from clean images.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <utility>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/fast_decode.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/scoring.h"
#include "cli/source_options.h"
#include "gradspace/error.h"
#include "gradspace/evaluate.h"

namespace gradspace::cli {
namespace {

struct EvaluateArguments {
  std::string model;
  EvaluateOptions options;
  bool fast_decode = false;
};

void refuse_to_overwrite(const EvaluateArguments& arguments) {
  const EvaluateOptions& options = arguments.options;
  std::vector<std::filesystem::path> inputs = {options.detector, arguments.model, options.inliers};
  inputs.insert(inputs.end(), options.outliers.begin(), options.outliers.end());
  refuse_inputs(options.out, inputs);
}

/// The detector, and the model where images are to be looked at.
DetectorWithModel read_both(const EvaluateArguments& arguments) {
  const std::string& path = arguments.options.detector;
  Detector detector = read_detector(path);
  if (arguments.model.empty() && !evaluates_images(detector, nullptr)) {
    require_decoding(arguments.fast_decode,
                     decoding_in(detector.metadata).value_or(Decoding::kExact), path);
    return {std::nullopt, std::move(detector)};
  }
  DetectorWithModel read = read_detector_with_model(path, arguments.model);
  require_decoding_of(read, arguments.fast_decode, "evaluate", path);
  return read;
}

/// Images that can't be read are left out and named; the exit status says so.
int evaluate_and_show(const EvaluateArguments& arguments) {
  const DetectorWithModel read = read_both(arguments);
  std::size_t failures = 0;
  JobObserver observer;
  observer.on_failure = [&](std::string_view line) {
    ++failures;
    say("gradspace: {}", line);
  };
  observer.on_remark = [](std::string_view line) { say("gradspace: {}", line); };
  const auto say_failures = [&] {
    if (failures > 0) {
      say("gradspace: {} images could not be scored", failures);
    }
  };
  try {
    const Evaluation evaluation =
        evaluate(read.detector, read.model_or_null(), arguments.options, observer);
    say_failures();
    print_table(results_table(evaluation.results));
  } catch (const Error&) {
    say_failures();
    throw;
  }
  return failures == 0 ? kDone : kFailed;
}

}  // namespace

Command evaluate_command() {
  return {
      "evaluate",
      "Judge a detector on feature sets or images: exact metrics by set, or challenge and level",
      "gradspace evaluate --detector detector.safetensors --inliers clean-test --outliers "
      "rain-test snow-test --out results",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<EvaluateArguments>();
        EvaluateArguments& a = *arguments;
        a.options.listed = &std::cin;
        app.add_option("--detector", a.options.detector, "Detector file")->required();
        app.add_option(
            "--model", a.model,
            "Model file, to judge by images (a detector without a model does so anyway)");
        app.add_option(
               "--inliers", a.options.inliers,
               "Feature set of clean images, or matrix of features (.npy); with --model the "
               "images themselves")
            ->required();
        app.add_option(
               "--outliers", a.options.outliers,
               "The same of other images, several: each makes a row of its own, named after its "
               "folder, or a row a challenge and level where its images have challenges")
            ->required();
        app.add_option("--out", a.options.out,
                       "Folder for results.csv, results.json and image_scores.csv; of photographs "
                       "judged by tiles, frames/ too: the worst of each set with their maps")
            ->required();
        app.add_option("--name", a.options.method, "What the results call the method");
        declare_hidden(app, a.options.scoring.source);
        declare_fast_decode_of(app, "the detector", a.fast_decode);
        return [arguments] {
          check_usage([&] { arguments->options.validate(); });
          refuse_to_overwrite(*arguments);
          return evaluate_and_show(*arguments);
        };
      }};
}

}  // namespace gradspace::cli
