// gradspace score: is this image one the model knows?
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/commands.h"
#include "cli/fast_decode.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/output_target.h"
#include "cli/printer.h"
#include "cli/scoring.h"
#include "gradspace/table_file.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

struct ScoreArguments {
  std::string model;
  std::string detector;
  std::vector<std::string> inputs;
  std::string format = "table";
  std::string out;
  ScoreFilesOptions options;
  bool fast_decode = false;
  std::optional<double> threshold;
  std::optional<double> false_alarms;
};

PrinterLayout score_layout(const ScoreArguments& arguments, const Detector& detector) {
  const nlohmann::json options = {
      {"gradspace_version", kVersion},  {"model", arguments.model},
      {"detector", arguments.detector}, {"backend", arguments.options.backend.name},
      {"method", detector.method},      {"threshold", detector.threshold}};
  const bool is_probability = detector.method == "classifier" && detector.two_sided.empty();
  return {{{"path", "image"},
           {"score", is_probability ? "P(ood)" : "score", 9, "{:.6g}"},
           {"p_value", "p", 8, "{:.3g}"},
           {"bce", "bce", 10, "{:.3f}"},
           {"kld", "kld", 9, "{:.3f}"},
           {"verdict", "verdict", -7}},
          json_text(options)};
}

std::vector<Cell> score_row(const ScoredImage& image, bool has_p_value, bool has_model) {
  const ImageScore& score = image.score;
  return {image.path,
          score.score,
          has_p_value ? Cell(score.p_value) : Cell(),
          has_model ? Cell(score.bce) : Cell(),
          has_model ? Cell(score.kld) : Cell(),
          score.out_of_distribution ? "out" : "in"};
}

/// To standard output, or to the file that `file` is made of.
Printer make_printer(const ScoreArguments& arguments, const Detector& detector,
                     std::optional<TableFile>& file) {
  PrinterLayout layout = score_layout(arguments, detector);
  if (arguments.out.empty()) {
    return {parse_output_format(arguments.format), std::move(layout)};
  }
  file.emplace(arguments.out);
  layout.options_in_csv = false;  // not every reader of CSV has comments
  return {std::move(layout), [&file](std::string_view text) { file->write(text); }};
}

int score(const ScoreArguments& arguments) {
  check_table_target(arguments.out, {arguments.model, arguments.detector});
  DetectorWithModel read = read_detector_with_model(arguments.detector, arguments.model);
  Detector& detector = read.detector;
  require_decoding_of(read, arguments.fast_decode, "score", arguments.detector);
  if (arguments.threshold) {
    detector.threshold = *arguments.threshold;
  } else if (arguments.false_alarms) {
    detector.threshold = detector.calibration.threshold(*arguments.false_alarms);
  }
  std::ios::sync_with_stdio(false);
  std::optional<TableFile> file;
  const Printer printer = make_printer(arguments, detector, file);
  const bool has_p_value = !detector.calibration.empty();
  const bool has_model = read.model.has_value();
  Scoring scoring(read.model_or_null(), detector, arguments.options, [&](const ScoredImage& image) {
    printer.print(score_row(image, has_p_value, has_model));
  });
  for (const std::string& input : arguments.inputs) {
    scoring.run_input(input);
  }
  const int status = scoring.finish();
  if (file) {
    file->commit();
  }
  return status;
}

}  // namespace

Command score_command() {
  return {
      "score", "Score images: how far out of distribution, p-value, losses, verdict",
      "gradspace score --model model.safetensors --detector detector.safetensors photos/",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<ScoreArguments>();
        ScoreArguments& a = *arguments;
        app.add_option("--model", a.model, "Model file; not for a detector without one");
        app.add_option("--detector", a.detector, "Detector file made for that model")->required();
        app.add_option(
            "--map", a.options.maps,
            "New folder for maps of where photographs are out of distribution, of a "
            "detector fitted with --tiles: a picture, the tiles' scores (npy) and both (json)");
        auto* threshold = app.add_option("--threshold", a.threshold,
                                         "Call images out over this score "
                                         "(default: the detector's own threshold)")
                              ->check(finite_number());
        app.add_option("--false-alarms", a.false_alarms,
                       "Set the threshold for this rate on the detector's clean validation images")
            ->check(fraction())
            ->excludes(threshold);
        auto* format =
            app.add_option("--format", a.format, "table, jsonl or csv")->check(output_format());
        app.add_option("--out", a.out,
                       "Write a table to this file, .csv or .csv.zst, which is there when it is "
                       "whole")
            ->excludes(format);
        app.add_option("--backend", a.options.backend.name, "native or torch")
            ->check(CLI::IsMember({"native", "torch"}));
        app.add_option("--threads", a.options.threads, "Threads to use; 0 = all cores")
            ->check(thread_count());
        declare_inputs(app, a.options);
        declare_fast_decode_of(app, "the detector", a.fast_decode);
        app.add_option("inputs", a.inputs, "Images, folders, or - for paths on standard input")
            ->required();
        return [arguments] { return score(*arguments); };
      }};
}

}  // namespace gradspace::cli
