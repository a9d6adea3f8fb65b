// From a frame to what its camera's detector says of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gradspace/detector.h"
#include "gradspace/image.h"
#include "gradspace/monitor.h"
#include "gradspace/photograph.h"
#include "gradspace/scorer.h"
#include "gradspace/tiles.h"

namespace gradspace::monitor {

/// For one thread at a time.
class FrameJudge {
 public:
  /// Reads model and detector. Throws IoError, FormatError, InvalidArgument.
  explicit FrameJudge(const CameraOptions& options);

  const Detector& detector() const { return detector_; }
  const std::optional<Tiling>& tiling() const { return tiling_; }

  /// Of a detector of images no map. Throws InvalidArgument for a frame that is too small; `name` stands in the message.
  PhotographScore judge(const Image& frame, std::string_view name);

 private:
  Detector detector_;
  std::optional<Tiling> tiling_;
  std::optional<PhotographScorer> photographs_;
  std::optional<Scorer> images_;
};

}  // namespace gradspace::monitor
