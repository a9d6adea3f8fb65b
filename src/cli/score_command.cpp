// gradspace score: is this image one the model knows?
#include <fmt/format.h>
#include <tbb/global_control.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "cli/output_format.h"
#include "core/csv.h"
#include "gradspace/version.h"
#include "jobs/scoring.h"

namespace gradspace::cli {
namespace {

struct Arguments {
  std::string model;
  std::string detector;
  std::vector<std::string> inputs;
  std::string format = "table";
  std::string backend = "native";
  std::optional<double> threshold;
  std::optional<double> false_alarms;
  int threads = 0;
};

class Printer {
 public:
  Printer(OutputFormat format, const Arguments& arguments, const Detector& detector)
      : format_(format), has_p_value_(!detector.calibration.empty()) {
    const nlohmann::json options = {
        {"gradspace_version", kVersion},  {"model", arguments.model},
        {"detector", arguments.detector}, {"backend", arguments.backend},
        {"method", detector.method},      {"threshold", detector.threshold}};
    switch (format_) {
      case OutputFormat::kTable:
        fmt::print("{:>9}  {:>8}  {:>10}  {:>9}  verdict  image\n",
                   detector.method == "classifier" ? "P(ood)" : "score", "p", "bce", "kld");
        break;
      case OutputFormat::kJsonLines:
        fmt::print("{}\n", nlohmann::json{{"options", options}}.dump());
        break;
      case OutputFormat::kCsv:
        fmt::print("# {}\npath,score,p_value,bce,kld,verdict\n", options.dump());
        break;
    }
  }

  void print(const Outcome& outcome) const {
    const ImageScore& score = outcome.score;
    const char* verdict = score.out_of_distribution ? "out" : "in";
    switch (format_) {
      case OutputFormat::kTable:
        fmt::print("{:9.6g}  {:>8}  {:10.3f}  {:9.3f}  {:7}  {}\n", score.score,
                   has_p_value_ ? fmt::format("{:.3g}", score.p_value) : "", score.bce, score.kld,
                   verdict, outcome.path);
        break;
      case OutputFormat::kJsonLines:
        fmt::print("{}\n", nlohmann::json{{"path", outcome.path},
                                          {"score", score.score},
                                          {"p_value", has_p_value_ ? nlohmann::json(score.p_value)
                                                                   : nlohmann::json(nullptr)},
                                          {"bce", score.bce},
                                          {"kld", score.kld},
                                          {"verdict", verdict}}
                               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
        break;
      case OutputFormat::kCsv:
        fmt::print("{},{},{},{},{},{}\n", csv_field(outcome.path), score.score,
                   has_p_value_ ? fmt::format("{}", score.p_value) : "", score.bce, score.kld,
                   verdict);
        break;
    }
  }

 private:
  OutputFormat format_;
  bool has_p_value_;
};

int score(const Arguments& arguments) {
  const Model model = read_model(arguments.model);
  Detector detector = read_detector_for(arguments.detector, arguments.model);
  if (arguments.threshold) {
    detector.threshold = *arguments.threshold;
  } else if (arguments.false_alarms) {
    detector.threshold = detector.calibration.threshold(*arguments.false_alarms);
  }
  std::optional<tbb::global_control> limit;
  if (arguments.threads > 0) {
    limit.emplace(tbb::global_control::max_allowed_parallelism,
                  static_cast<std::size_t>(arguments.threads));
  }
  std::ios::sync_with_stdio(false);
  const Printer printer(parse_output_format(arguments.format), arguments, detector);
  Scoring scoring(model, detector, arguments.backend,
                  [&](const Outcome& outcome) { printer.print(outcome); });
  for (const std::string& input : arguments.inputs) {
    scoring.run_input(input);
  }
  return scoring.finish();
}

}  // namespace

Command score_command() {
  return {
      "score", "Score images: how far out of distribution, p-value, losses, verdict",
      "gradspace score --model model.safetensors --detector detector.safetensors photos/",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<Arguments>();
        Arguments& a = *arguments;
        app.add_option("--model", a.model, "Model file")->required();
        app.add_option("--detector", a.detector, "Detector file made for that model")->required();
        auto* threshold = app.add_option("--threshold", a.threshold,
                                         "Call images out over this score "
                                         "(default: the detector's own threshold)");
        app.add_option("--false-alarms", a.false_alarms,
                       "Set the threshold for this rate on the detector's clean validation images")
            ->excludes(threshold);
        app.add_option("--format", a.format, "table, jsonl or csv")
            ->check(CLI::IsMember({"table", "jsonl", "csv"}));
        app.add_option("--backend", a.backend, "native or torch")
            ->check(CLI::IsMember({"native", "torch"}));
        app.add_option("--threads", a.threads, "Threads to use; 0 = all cores");
        app.add_option("inputs", a.inputs, "Images, folders, or - for paths on standard input")
            ->required();
        return [arguments] { return score(*arguments); };
      }};
}

}  // namespace gradspace::cli
