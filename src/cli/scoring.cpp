#include "cli/scoring.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/command_line.h"
#include "cli/fast_decode.h"
#include "cli/output.h"
#include "cli/source_options.h"
#include "gradspace/error.h"
#include "gradspace/photograph.h"

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

DetectorWithModel read_detector_with_model(const std::filesystem::path& detector_path,
                                           const std::filesystem::path& model_path) {
  std::optional<Model> model;
  if (!model_path.empty()) {
    model = read_model(model_path);
  }
  Detector detector = read_detector(detector_path);
  if (detector.model_sha256.empty()) {  // it needs none
    return {std::nullopt, std::move(detector)};
  }
  if (!model) {
    throw InvalidArgument(
        fmt::format("{}: made for a model: give it with --model", detector_path.string()));
  }
  return {model, read_detector_for(detector_path, *model, model_path)};
}

void require_decoding_of(const DetectorWithModel& read, bool fast_was_asked,
                         const std::string& command, const std::string& path) {
  refuse_fast_tiles(fast_was_asked && tiling_of(read.detector).has_value(), command);
  require_decoding(fast_was_asked, decoding_of(read.detector, read.model_or_null()), path);
}

void declare_inputs(CLI::App& app, ScoreFilesOptions& options) {
  app.add_flag_callback(
      "-0,--null", [&options] { options.separator = '\0'; },
      "Paths on standard input end with a zero byte, as of find -print0");
  declare_hidden(app, options.source);
}

Scoring::Scoring(const Model* model, const Detector& detector, const ScoreFilesOptions& options,
                 FileScorer::OnImage on_score)
    : scorer_(model == nullptr ? FileScorer(detector, options)
                               : FileScorer(*model, detector, options)),
      on_score_(std::move(on_score)) {}

void Scoring::run_input(const std::string& input) {
  const auto on_image = [this](const ScoredImage& image) {
    if (image.ok()) {
      ++scored_;
      on_score_(image);
    } else {
      fail(image.failure);
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
    fail(error.what());
  }
}

/// Said at once, below the lines of the images before it: a stream may go on for days.
void Scoring::fail(std::string_view failure) {
  ++failures_;
  flush_results();
  say("gradspace: {}", failure);
}

int Scoring::finish() const {
  if (failures_ > 0) {
    say("gradspace: {} images could not be scored", failures_);
  }
  if (scored_ == 0 && failures_ == 0) {
    say("gradspace: no image was given: nothing is scored");
    return kFailed;
  }
  return failures_ == 0 ? kDone : kFailed;
}

}  // namespace gradspace::cli
