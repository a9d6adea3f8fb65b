// Detectors of whole photographs, by their tiles at native resolution.
//
// Every tile of a grid goes through the model; the residual's energies by frequency (Fisher scores, second moments
// of the reconstruction's gradient) and the tile's own energies are told over the photograph by means,
// deviations and quantiles. Networks that learned from clean photographs and damaged copies of them, damaged before
// tiles were cut, make a score of each kind of numbers; the kinds' scores, each standardised by clean photographs, are
// added. Another network judges each tile by itself, which shows where a photograph is damaged; its high quantile over
// the tiles is one more part of the score. Thresholds and p-values are those of photographs: from the scores of clean
// ones that a network had not seen.
//
// Any one-class method (one_class.h) can judge the tiles instead, as if they were images: a photograph's score is then
// the sum of the median and the 95 % quantile of its tiles' normal scores, each standardised by the clean photographs
// that were learned from; thresholds are those of photographs held out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/hold_out.h"
#include "gradspace/image.h"
#include "gradspace/job_observer.h"
#include "gradspace/model.h"
#include "gradspace/one_class.h"
#include "gradspace/scorer.h"
#include "gradspace/source.h"
#include "gradspace/tiles.h"

namespace gradspace {

struct PhotographMethodInfo {
  std::string name;     ///< "photograph"
  std::string summary;  ///< one line
  bool needs_model = true;
};

/// photograph (all parts), photograph-gradients (what the model's gradients say alone), photograph-image (the
/// picture alone, for which no model is needed).
GRADSPACE_API std::vector<PhotographMethodInfo> photograph_methods();

/// Whether `name` is one of them.
GRADSPACE_API bool is_photograph_method(std::string_view name);

struct GRADSPACE_API PhotographOptions {
  std::string method =
      "photograph";            ///< or another of photograph_methods(), or of one_class_methods()
  Tiling tiling;               ///< where there is a model, of its input's size
  double false_alarms = 0.01;  ///< share of clean photographs that are called out at the threshold
  std::uint64_t seed = 0;      ///< of damage, order and initialisation
  HoldOut hold_out = HoldOut::kBlocks;
  std::vector<std::string> distortions = {};         ///< of one-class methods, as OneClassOptions
  double memory_gib = OneClassOptions().memory_gib;  ///< the same

  /// What a one-class method is told.
  OneClassOptions one_class() const;
  /// Throws InvalidArgument.
  void validate() const;
};

/// Fits to clean photographs, by all members of the model, which may be null for a method without one. Photographs that
/// can't be read, or are smaller than a tile, are left out and reported. Of more than 1000, 1000 are learned from and
/// calibrated on. The observer counts photographs. It is remarked where photographs are of few scenes, or where
/// near-copies stand on both sides of a split. A one-class method learns from some eight thousand tiles of four fifths
/// of the photographs, and is calibrated on the others. Throws InvalidArgument when there are under 20 photographs, too
/// few for the rate of false alarms, or the tiling is not the model's.
GRADSPACE_API Detector fit_photographs(const Model* model, const Source& clean,
                                       const PhotographOptions& options, int threads = 0,
                                       const JobObserver& observer = {});

/// What `fit_photographs` can tell before a photograph is read. Throws InvalidArgument when there are too few for the
/// method and the rate of false alarms, or folders are to be held out and there is one alone.
GRADSPACE_API void require_photographs(const Source& clean, const PhotographOptions& options);

/// Of a detector that judges photographs by tiles, how they are cut; nothing for one that takes images whole. Throws
/// InvalidArgument when what the detector says of it can't be read.
GRADSPACE_API std::optional<Tiling> tiling_of(const Detector& detector);

/// What became of one photograph.
struct PhotographScore {
  ImageScore score;  ///< bce and kld are means over its tiles; 0 without a model
  int columns = 0;   ///< of the grid of tiles
  int rows = 0;
  std::vector<float> tile_scores;    ///< row by row; larger = further out of distribution
  std::vector<float> tile_p_values;  ///< among tiles of clean photographs
};

/// Keeps the memory it works in from call to call. For one thread at a time; make one a thread.
class GRADSPACE_API PhotographScorer {
 public:
  /// Throws InvalidArgument when the detector judges no tiles, was made for another model, or needs one and `model`
  /// is null. Model and detector need not outlive the scorer.
  PhotographScorer(const Model* model, const Detector& detector);
  ~PhotographScorer();
  PhotographScorer(PhotographScorer&&) noexcept;
  PhotographScorer& operator=(PhotographScorer&&) noexcept;

  /// A frame of any size from a tile on; throws InvalidArgument for a smaller one, in which `name` stands.
  PhotographScore score(const ImageView& photograph, std::string_view name = "the photograph");

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
