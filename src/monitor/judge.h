// From a frame to what its camera's detector says of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gradspace/causes.h"
#include "gradspace/detector.h"
#include "gradspace/image.h"
#include "gradspace/monitor.h"
#include "gradspace/photograph.h"
#include "gradspace/scorer.h"
#include "gradspace/tiles.h"
#include "monitor/clock.h"

namespace gradspace::monitor {

/// For one thread at a time.
class FrameJudge {
 public:
  /// Reads model and detector. Throws IoError, FormatError, InvalidArgument.
  explicit FrameJudge(const CameraOptions& options);

  const Detector& detector() const { return detector_; }
  const std::optional<Tiling>& tiling() const { return tiling_; }

  /// Of a detector of images no map. Throws InvalidArgument for a frame that is too small; `name` stands in the
  /// message.
  PhotographScore judge(const Image& frame, std::string_view name);

  /// What is wrong with a frame that was just judged; empty where it is not out of distribution, or no causes are to be
  /// named. It is looked for twice a second at most, as it takes as long as judging does.
  std::string cause(const Image& frame, const ImageScore& score, bool out_of_distribution,
                    SteadyTime now);

 private:
  Detector detector_;
  std::optional<Tiling> tiling_;
  std::optional<PhotographScorer> photographs_;
  std::optional<Scorer> images_;
  std::optional<CauseNamer> causes_;
  std::string cause_;  ///< of the frames before
  SteadyTime name_again_ = {};
  SteadyTime see_clean_again_ = {};
};

}  // namespace gradspace::monitor
