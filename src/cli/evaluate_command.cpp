// gradspace evaluate: how well a detector tells outliers from clean images.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "gradspace/feature_set.h"
#include "gradspace/fit.h"
#include "gradspace/results.h"

namespace gradspace::cli {
namespace {

struct Arguments {
  std::string detector;
  std::string inliers;
  std::vector<std::string> outliers;
  std::string out;
  std::string method;
};

int evaluate(const Arguments& arguments) {
  const Detector detector = read_detector(arguments.detector);
  const FeatureSet inliers(arguments.inliers);
  std::vector<std::unique_ptr<FeatureSet>> sets;
  std::vector<NamedSet> outliers;
  for (const std::string& path : arguments.outliers) {
    sets.push_back(std::make_unique<FeatureSet>(path));
    outliers.push_back({path, sets.back().get()});
  }
  Results results;
  results.rows =
      evaluate_detector(detector, {arguments.inliers, &inliers}, outliers,
                        arguments.method.empty() ? detector.method : arguments.method, 0);
  results.options_json = nlohmann::json{
      {"command", "evaluate"},
      {"detector", arguments.detector},
      {"threshold", detector.threshold},
      {"inliers", arguments.inliers},
      {"outliers",
       arguments.outliers}}.dump();
  std::filesystem::create_directories(arguments.out);
  write_results(arguments.out, results);
  fmt::print("{}", results_table(results));
  return 0;
}

}  // namespace

Command evaluate_command() {
  return {"evaluate", "Judge a detector on feature sets: exact metrics by challenge and level",
          "gradspace evaluate --detector detector.safetensors --inliers clean-test --outliers "
          "rain-test snow-test --out results",
          [](CLI::App& app) -> std::function<int()> {
            const auto arguments = std::make_shared<Arguments>();
            Arguments& a = *arguments;
            app.add_option("--detector", a.detector, "Detector file")->required();
            app.add_option("--inliers", a.inliers, "Feature set of clean images")->required();
            app.add_option("--outliers", a.outliers, "Feature sets of other images")->required();
            app.add_option("--out", a.out, "Folder for results.csv and results.json")->required();
            app.add_option("--name", a.method, "What the results call the method");
            return [arguments] { return evaluate(*arguments); };
          }};
}

}  // namespace gradspace::cli
