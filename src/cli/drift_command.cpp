// gradspace drift: does a stream still look like the clean images?
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fast_decode.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/printer.h"
#include "cli/scoring.h"
#include "gradspace/drift.h"
#include "gradspace/error.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

struct DriftArguments {
  std::string model;
  std::string detector;
  std::string input;
  std::string format = "table";
  DriftOptions options;
  ScoreFilesOptions scoring;
  bool fast_decode = false;
};

PrinterLayout drift_layout(const DriftArguments& arguments) {
  const nlohmann::json options = {{"gradspace_version", kVersion},
                                  {"model", arguments.model},
                                  {"detector", arguments.detector},
                                  {"window", arguments.options.window},
                                  {"false_alarms", arguments.options.false_alarms},
                                  {"reference", arguments.options.reference}};
  return {{{"window", "window", 6},
           {"first_image", "first image", 11},
           {"distance", "distance", 8, "{:.4f}"},
           {"p_value", "p", 10, "{:.3g}"},
           {"level", "level", 10, "{:.3g}"},
           {"median_score", "median score", 12, "{:.6g}"},
           {"verdict", "verdict"}},
          json_text(options)};
}

std::vector<Cell> drift_row(const DriftWindow& window) {
  return {window.number,
          window.first_image,
          window.statistic,
          window.p_value,
          window.level,
          window.median_score,
          window.drifted ? "drift" : "clean"};
}

int drift(const DriftArguments& arguments) {
  check_usage([&] { arguments.options.validate(); });
  const OutputFormat format = parse_output_format(arguments.format);
  const DetectorWithModel read = read_detector_with_model(arguments.detector, arguments.model);
  const Detector& detector = read.detector;
  require_decoding_of(read, arguments.fast_decode, "drift", arguments.detector);
  DriftMonitor monitor(detector.calibration, arguments.options);
  std::ios::sync_with_stdio(false);
  const Printer printer(format, drift_layout(arguments));
  Scoring scoring(read.model_or_null(), detector, arguments.scoring, [&](const ScoredImage& image) {
    if (const auto window = monitor.add(image.score.score)) {
      printer.print(drift_row(*window));
      flush_results();
    }
  });
  scoring.run_input(arguments.input);
  const int status = scoring.finish();
  if (monitor.windows() == 0) {
    const std::size_t reference = arguments.options.reference;
    throw InvalidArgument(fmt::format(
        "{}: a stream of {} images is shorter than {}its window of {}", arguments.input,
        monitor.images(), reference > 0 ? fmt::format("its reference of {} and ", reference) : "",
        arguments.options.window));
  }
  if (const std::size_t rest = monitor.state().scores.size(); rest > 0) {
    say("gradspace: the last {} images fill no window and were not looked at", rest);
  }
  return status;
}

}  // namespace

Command drift_command() {
  return {
      "drift", "Compare a stream of images with the clean ones, window by window",
      "gradspace drift --model model.safetensors --detector detector.safetensors frames/",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<DriftArguments>();
        DriftArguments& a = *arguments;
        app.add_option("--model", a.model, "Model file; not for a detector without one");
        app.add_option("--detector", a.detector, "Detector file made for that model")->required();
        app.add_option("--window", a.options.window, "Images compared at a time")
            ->check(whole_number(2, DriftOptions::kLongestWindow));
        app.add_option("--false-alarms", a.options.false_alarms,
                       "Probability that a clean stream ever raises an alarm")
            ->check(fraction());
        app.add_option("--reference", a.options.reference,
                       "Compare with so many of the stream's first images, which must be clean, "
                       "instead of the detector's clean ones; 0 = with those")
            ->check(whole_number(0, DriftOptions::kLongestReference));
        app.add_option("--format", a.format, "table, jsonl or csv")->check(output_format());
        app.add_option("--threads", a.scoring.threads, "Threads to use; 0 = all cores")
            ->check(thread_count());
        declare_inputs(app, a.scoring);
        declare_fast_decode_of(app, "the detector", a.fast_decode);
        app.add_option("input", a.input,
                       "Images in the order of their paths, or - for paths on standard input")
            ->required();
        return [arguments] { return drift(*arguments); };
      }};
}

}  // namespace gradspace::cli
