// gradspace evaluate: how well a detector tells outliers from clean images.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/fast_decode.h"
#include "cli/json_text.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/scoring.h"
#include "cli/source_names.h"
#include "cli/source_options.h"
#include "gradspace/feature_set.h"
#include "gradspace/fit.h"
#include "gradspace/output_lock.h"
#include "gradspace/results.h"
#include "gradspace/worst_frames.h"

namespace gradspace::cli {
namespace {

struct EvaluateArguments {
  std::string detector;
  std::string model;
  std::string inliers;
  std::vector<std::string> outliers;
  std::string out;
  std::string method;
  ScoreFilesOptions scoring;
  bool fast_decode = false;
  std::vector<std::string> names = {};  ///< of `outliers`, in their order

  std::string method_of(const Detector& fitted) const {
    return method.empty() ? fitted.method : method;
  }
};

void refuse_to_overwrite(const EvaluateArguments& arguments) {
  std::vector<std::filesystem::path> inputs = {arguments.detector, arguments.model,
                                               arguments.inliers};
  inputs.insert(inputs.end(), arguments.outliers.begin(), arguments.outliers.end());
  refuse_inputs(arguments.out, inputs);
}

/// Judges, writes and prints. `model` is null where images were not looked at, or none is needed.
void show(const EvaluateArguments& arguments, const Model* model, const Detector& detector,
          std::span<const JudgedImage> inliers, std::span<const JudgedImage> outliers) {
  const double threshold = detector.threshold;
  const std::string method = arguments.method_of(detector);
  Results results;
  results.rows = judge(arguments.inliers, inliers, outliers, threshold, method, 0);
  results.options_json = json_text(nlohmann::json{{"command", "evaluate"},
                                                  {"detector", arguments.detector},
                                                  {"threshold", threshold},
                                                  {"inliers", arguments.inliers},
                                                  {"outliers", arguments.outliers}});
  write_image_scores(arguments.out, inliers, outliers, method, 0);
  write_worst_frames(arguments.out, model, detector, inliers, outliers, arguments.scoring.source);
  write_results(arguments.out, results);
  print_table(results_table(results));
}

int evaluate_feature_sets(const EvaluateArguments& arguments) {
  const Detector detector = read_detector(arguments.detector);
  require_decoding(arguments.fast_decode, decoding_in(detector.metadata).value_or(Decoding::kExact),
                   arguments.detector);
  const auto judged_set = [&](const std::string& path) {
    const FeatureSet set(path);
    return judged_images(detector, {path, set});
  };
  std::vector<JudgedImage> outliers;
  for (std::size_t i = 0; i < arguments.outliers.size(); ++i) {
    for (JudgedImage& image : judged_set(arguments.outliers[i])) {
      image.name = arguments.names[i];
      outliers.push_back(std::move(image));
    }
  }
  show(arguments, nullptr, detector, judged_set(arguments.inliers), outliers);
  return kDone;
}

/// Images that can't be read are left out and named; the exit status says so.
int evaluate_images(const EvaluateArguments& arguments) {
  const DetectorWithModel read = read_detector_with_model(arguments.detector, arguments.model);
  const Detector& detector = read.detector;
  require_decoding_of(read, arguments.fast_decode, "evaluate", arguments.detector);
  std::vector<JudgedImage> inliers;
  std::vector<JudgedImage> outliers;
  std::vector<JudgedImage>* judged = &inliers;
  std::string source = arguments.inliers;
  std::string name;  // inliers need none
  Scoring scoring(read.model_or_null(), detector, arguments.scoring, [&](const ScoredImage& image) {
    const ImageScore& score = image.score;
    judged->push_back({image.image, score.score, score.bce, score.kld, source, name});
  });
  scoring.run_input(source);
  judged = &outliers;
  for (std::size_t i = 0; i < arguments.outliers.size(); ++i) {
    source = arguments.outliers[i];
    name = arguments.names[i];
    scoring.run_input(source);
  }
  const int status = scoring.finish();
  show(arguments, read.model_or_null(), detector, inliers, outliers);
  return status;
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
        app.add_option("--detector", a.detector, "Detector file")->required();
        app.add_option(
            "--model", a.model,
            "Model file, to judge by images (a detector without a model does so anyway)");
        app.add_option(
               "--inliers", a.inliers,
               "Feature set of clean images, or matrix of features (.npy); with --model the "
               "images themselves")
            ->required();
        app.add_option(
               "--outliers", a.outliers,
               "The same of other images, several: each makes a row of its own, named after its "
               "folder, or a row a challenge and level where its images have challenges")
            ->required();
        app.add_option("--out", a.out,
                       "Folder for results.csv, results.json and image_scores.csv; of photographs "
                       "judged by tiles, frames/ too: the worst of each set with their maps")
            ->required();
        app.add_option("--name", a.method, "What the results call the method");
        declare_hidden(app, a.scoring.source);
        declare_fast_decode_of(app, "the detector", a.fast_decode);
        return [arguments] {
          refuse_to_overwrite(*arguments);
          const bool of_images =
              !arguments->model.empty() || read_detector(arguments->detector).model_sha256.empty();
          arguments->names = names_of_sources(arguments->outliers, /*files_apart=*/!of_images);
          const OutputLock lock = OutputLock::of_folder(arguments->out);
          return of_images ? evaluate_images(*arguments) : evaluate_feature_sets(*arguments);
        };
      }};
}

}  // namespace gradspace::cli
