#include "cli/scoring.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/source_options.h"
#include "gradspace/error.h"

namespace gradspace::cli {

Detector read_detector_for(const std::filesystem::path& detector_path, const Model& model,
                           const std::filesystem::path& model_path) {
  Detector detector = read_detector(detector_path);
  const std::string sha256 = fingerprint(model);
  if (sha256 != detector.model_sha256) {
    throw InvalidArgument(
        fmt::format("{}: made for another model (SHA-256 {:.12}...) than {} ({:.12}...)",
                    detector_path.string(), detector.model_sha256, model_path.string(), sha256));
  }
  return detector;
}

void declare_inputs(CLI::App& app, ScoreFilesOptions& options) {
  app.add_flag_callback(
      "-0,--null", [&options] { options.separator = '\0'; },
      "Paths on standard input end with a zero byte, as of find -print0");
  declare_hidden(app, options.source);
}

Scoring::Scoring(const Model& model, const Detector& detector, const ScoreFilesOptions& options,
                 FileScorer::OnImage on_score)
    : scorer_(model, detector, options), on_score_(std::move(on_score)) {}

void Scoring::run_input(const std::string& input) {
  const auto on_image = [this](const ScoredImage& image) {
    if (image.ok()) {
      ++scored_;
      on_score_(image);
    } else {
      failures_.push_back(image.failure);
    }
  };
  JobObserver observer;
  observer.on_progress = [](std::size_t, std::size_t) { flush_results(); };
  observer.on_remark = [](std::string_view line) { say("gradspace: {}", line); };
  try {
    if (input == "-") {
      scorer_.score(std::cin, on_image, observer);
    } else {
      scorer_.score(input, on_image, observer);
    }
  } catch (const Error& error) {
    failures_.emplace_back(error.what());
  }
}

int Scoring::finish() const {
  for (const std::string& failure : failures_) {
    say("gradspace: {}", failure);
  }
  if (!failures_.empty()) {
    say("gradspace: {} images could not be scored", failures_.size());
  }
  if (scored_ == 0 && failures_.empty()) {
    say("gradspace: no image was given: nothing is scored");
    return kFailed;
  }
  return failures_.empty() ? kDone : kFailed;
}

}  // namespace gradspace::cli
