// From inputs on the command line to scores, in order, on all cores.
#pragma once

#include <tbb/enumerable_thread_specific.h>

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gradspace/scorer.h"
#include "gradspace/source.h"

namespace gradspace::cli {

/// Reads a detector; throws InvalidArgument, naming both files, when it was made for another model.
Detector read_detector_for(const std::filesystem::path& detector,
                           const std::filesystem::path& model);

/// What became of one image.
struct Outcome {
  std::string path;
  ImageInfo image;  ///< as its source knows it; a path on standard input has none
  ImageScore score;
  std::string failure;  ///< empty when it was scored
};

class Scoring {
 public:
  /// `on_score` is called for each image that was scored, in order. Model and detector outlive this.
  Scoring(const Model& model, const Detector& detector, const std::string& backend,
          std::function<void(const Outcome&)> on_score);

  /// All images of a file or folder, or "-": paths on standard input, a line each. What can't be read is
  /// left out.
  void run_input(const std::string& input);

  /// Lists what failed on standard error; the exit status.
  int finish() const;

 private:
  /// Reads an image by its number, fitted to the model's input.
  using Load = std::function<void(std::size_t, FixedSizeReader&, std::span<std::uint8_t>)>;

  /// What a thread needs for itself.
  struct Worker {
    Scorer scorer;
    FixedSizeReader reader;
    std::vector<std::uint8_t> pixels = {};
  };

  void run_source(const std::string& path);
  void run_standard_input();
  /// One chunk; `outcomes` come with their paths set.
  void run_chunk(std::vector<Outcome>& outcomes, const Load& load);
  /// One batch for the engine, which works on several images at once; `first` is the number of the
  /// first outcome.
  void score_range(std::span<Outcome> outcomes, std::size_t first, const Load& load);

  std::function<void(const Outcome&)> on_score_;
  tbb::enumerable_thread_specific<Worker> workers_;
  std::vector<std::string> failures_;
};

}  // namespace gradspace::cli
