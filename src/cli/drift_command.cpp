// gradspace drift: does a stream still look like the clean images?
#include <fmt/format.h>
#include <tbb/global_control.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "cli/output_format.h"
#include "gradspace/drift.h"
#include "gradspace/error.h"
#include "gradspace/version.h"
#include "jobs/scoring.h"

namespace gradspace::cli {
namespace {

struct Arguments {
  std::string model;
  std::string detector;
  std::string input;
  std::string format = "table";
  DriftOptions options;
  int threads = 0;
};

void print_header(OutputFormat format, const Arguments& arguments) {
  const nlohmann::json options = {{"gradspace_version", kVersion},
                                  {"model", arguments.model},
                                  {"detector", arguments.detector},
                                  {"window", arguments.options.window},
                                  {"false_alarms", arguments.options.false_alarms}};
  switch (format) {
    case OutputFormat::kTable:
      fmt::print("{:>6}  {:>11}  {:>8}  {:>10}  {:>10}  {:>12}  verdict\n", "window", "first image",
                 "distance", "p", "level", "median score");
      break;
    case OutputFormat::kJsonLines:
      fmt::print("{}\n", nlohmann::json{{"options", options}}.dump());
      break;
    case OutputFormat::kCsv:
      fmt::print("# {}\nwindow,first_image,distance,p_value,level,median_score,verdict\n",
                 options.dump());
      break;
  }
}

void print(OutputFormat format, const DriftWindow& window) {
  const char* verdict = window.drifted ? "drift" : "clean";
  switch (format) {
    case OutputFormat::kTable:
      fmt::print("{:>6}  {:>11}  {:8.4f}  {:10.3g}  {:10.3g}  {:12.6g}  {}\n", window.number,
                 window.first_image, window.statistic, window.p_value, window.level,
                 window.median_score, verdict);
      break;
    case OutputFormat::kJsonLines:
      fmt::print("{}\n", nlohmann::json{{"window", window.number},
                                        {"first_image", window.first_image},
                                        {"distance", window.statistic},
                                        {"p_value", window.p_value},
                                        {"level", window.level},
                                        {"median_score", window.median_score},
                                        {"verdict", verdict}}
                             .dump());
      break;
    case OutputFormat::kCsv:
      fmt::print("{},{},{},{},{},{},{}\n", window.number, window.first_image, window.statistic,
                 window.p_value, window.level, window.median_score, verdict);
      break;
  }
  std::fflush(stdout);
}

int drift(const Arguments& arguments) {
  const OutputFormat format = parse_output_format(arguments.format);
  const Model model = read_model(arguments.model);
  const Detector detector = read_detector_for(arguments.detector, arguments.model);
  DriftMonitor monitor(detector.calibration, arguments.options);
  std::optional<tbb::global_control> limit;
  if (arguments.threads > 0) {
    limit.emplace(tbb::global_control::max_allowed_parallelism,
                  static_cast<std::size_t>(arguments.threads));
  }
  std::ios::sync_with_stdio(false);
  print_header(format, arguments);
  Scoring scoring(model, detector, "native", [&](const Outcome& outcome) {
    if (const auto window = monitor.add(outcome.score.score)) {
      print(format, *window);
    }
  });
  scoring.run_input(arguments.input);
  const int status = scoring.finish();
  if (monitor.windows() == 0) {
    throw InvalidArgument(fmt::format("{}: a stream of {} images is shorter than its window of {}",
                                      arguments.input, monitor.images(), arguments.options.window));
  }
  if (const std::uint64_t rest = monitor.images() % arguments.options.window; rest > 0) {
    fmt::print(stderr, "gradspace: the last {} images fill no window and were not looked at\n",
               rest);
  }
  return status;
}

}  // namespace

Command drift_command() {
  return {
      "drift", "Compare a stream of images with the clean ones, window by window",
      "gradspace drift --model model.safetensors --detector detector.safetensors frames/",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<Arguments>();
        Arguments& a = *arguments;
        app.add_option("--model", a.model, "Model file")->required();
        app.add_option("--detector", a.detector, "Detector file made for that model")->required();
        app.add_option("--window", a.options.window, "Images compared at a time");
        app.add_option("--false-alarms", a.options.false_alarms,
                       "Probability that a clean stream ever raises an alarm");
        app.add_option("--format", a.format, "table, jsonl or csv")
            ->check(CLI::IsMember({"table", "jsonl", "csv"}));
        app.add_option("--threads", a.threads, "Threads to use; 0 = all cores");
        app.add_option("input", a.input,
                       "Images in the order of their paths, or - for paths on standard input")
            ->required();
        return [arguments] { return drift(*arguments); };
      }};
}

}  // namespace gradspace::cli
