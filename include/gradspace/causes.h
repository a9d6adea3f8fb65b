// What is wrong with a frame that is out of distribution: rain, a dirty lens, noise ... or unknown.
//
// Clean photographs are damaged by the twelve challenges (challenge.h) at all levels, and described as the detector
// describes them: of a detector of photographs by the energies of its tiles and of what its model leaves of them
// (photograph.h), of one of images by the model's gradients. Two linear classifiers (softmax regression) learn the
// directions in which each challenge moves these numbers. One sees how a frame differs from clean frames of its own
// camera, the other the frame alone, for a camera of which no clean frame was seen yet. "Clean" is a class, too: who
// finds it, or is not certain, says "unknown". How certain a classifier must be is chosen by photographs that it was
// not fitted to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/image.h"
#include "gradspace/job_observer.h"
#include "gradspace/model.h"
#include "gradspace/source.h"
#include "gradspace/tensor.h"
#include "gradspace/tiles.h"

namespace gradspace {

inline constexpr std::string_view kUnknownCause = "unknown";

struct GRADSPACE_API CauseOptions {
  double certainty = 0.9;  ///< of the causes that are named, so many are to be right, 0.5 to 1
  std::uint64_t seed = 0;  ///< of the damage

  /// Throws InvalidArgument.
  void validate() const;
};

/// What one of the classifiers says of damaged photographs that it was not fitted to, each fifth in turn.
struct CauseAccuracy {
  double right_of_all = 0;    ///< the most probable challenge is the right one
  double named_of_all = 0;    ///< a cause is named, and not "unknown"
  double right_of_named = 0;  ///< the named cause is the right one
};

/// What is fitted. Thread-safe.
struct GRADSPACE_API Causes {
  std::vector<std::string> classes;  ///< "clean", then the challenges' names
  /// "scene.weight" [classes, features], "scene.bias", "scene.mean", "scene.deviation" of the numbers' differences from
  /// clean frames; "frame...." of the numbers themselves.
  TensorMap weights;
  double scene_certainty = 1;  ///< the least probability at which a cause is named
  double frame_certainty = 1;
  CauseAccuracy scene_accuracy = {};
  CauseAccuracy frame_accuracy = {};
  std::string model_sha256 =
      {};              ///< of the model that describes frames; empty where none is needed
  bool tiles = false;  ///< whether tiles are described
  Tiling tiling = {};
  std::size_t photographs = 0;  ///< that were learned from
};

/// Photographs that can't be read, or are smaller than a tile, are left out and reported; of more than 300, 300 are
/// learned from. The observer counts photographs. `model` may be null where the detector needs none. Throws
/// InvalidArgument when there are under ten photographs, or a detector of images looks at no gradients.
GRADSPACE_API Causes fit_causes(const Model* model, const Detector& detector, const Source& clean,
                                const CauseOptions& options = {}, int threads = 0,
                                const JobObserver& observer = {});

/// `.safetensors` with kind "causes". Throw IoError, FormatError.
GRADSPACE_API void write_causes(const std::filesystem::path& path, const Causes& causes);
GRADSPACE_API Causes read_causes(const std::filesystem::path& path);

/// Names causes for one camera. For one thread at a time.
class GRADSPACE_API CauseNamer {
 public:
  /// Throws InvalidArgument when the causes were fitted for another model, or for other tiles than the detector's.
  /// Nothing needs to outlive it.
  CauseNamer(const Model* model, const Detector& detector, const Causes& causes);
  ~CauseNamer();
  CauseNamer(CauseNamer&&) noexcept;
  CauseNamer& operator=(CauseNamer&&) noexcept;

  /// A frame that is as it should be, with which others will be compared: the mean of the newest ones counts.
  void see_clean(const ImageView& frame);
  /// A challenge's name, or "unknown". Throws InvalidArgument for a frame smaller than a tile.
  std::string name(const ImageView& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
