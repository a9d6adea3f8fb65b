// What the commands that score images have in common.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gradspace/score_files.h"

namespace CLI {
class App;
}

namespace gradspace::cli {

/// Reads a detector; throws InvalidArgument, naming both files, when it was made for another model than
/// `model`, which was read from `model_path`.
Detector read_detector_for(const std::filesystem::path& detector_path, const Model& model,
                           const std::filesystem::path& model_path);

/// A detector with the model that it was made for; without one where it needs none.
struct DetectorWithModel {
  std::optional<Model> model;
  Detector detector;

  const Model* model_or_null() const { return model ? &*model : nullptr; }
};

/// Reads both; `model_path` may be empty for a detector that needs no model. Throws InvalidArgument as
/// `read_detector_for` does, and where the model is missing.
DetectorWithModel read_detector_with_model(const std::filesystem::path& detector_path,
                                           const std::filesystem::path& model_path);

/// Throws InvalidArgument where `--fast-decode` was given, but the detector, which lies at `path`, is for exact
/// decoding; WrongUsage where it is one for tiles.
void require_decoding_of(const DetectorWithModel& read, bool fast_was_asked,
                         const std::string& command, const std::string& path);

/// "--null" and "--hidden".
void declare_inputs(CLI::App& app, ScoreFilesOptions& options);

/// Scores inputs one after the other, and says at once what fails.
class Scoring {
 public:
  /// `on_score` is called for each image that was scored, in order. Model and detector outlive this; the model is
  /// null for a detector that needs none.
  Scoring(const Model* model, const Detector& detector, const ScoreFilesOptions& options,
          FileScorer::OnImage on_score);

  /// All images of a file or folder, or "-": paths on standard input, a line each. What can't be read is
  /// left out.
  void run_input(const std::string& input);

  /// Says how many images failed; the exit status.
  int finish() const;

 private:
  void fail(std::string_view failure);

  FileScorer scorer_;
  FileScorer::OnImage on_score_;
  std::size_t failures_ = 0;
  std::size_t scored_ = 0;
};

}  // namespace gradspace::cli
