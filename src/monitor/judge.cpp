#include "monitor/judge.h"

#include <fmt/format.h>

#include "gradspace/error.h"
#include "gradspace/model.h"

namespace gradspace::monitor {
namespace {

std::optional<Model> model_of(const CameraOptions& options) {
  return options.model.empty() ? std::nullopt : std::optional(read_model(options.model));
}

void require_model_for(const Detector& detector, const std::optional<Model>& model,
                       const CameraOptions& options) {
  if (!detector.model_sha256.empty() && !model) {
    throw InvalidArgument(fmt::format("camera {}: {} was made for a model: name it", options.name,
                                      options.detector.string()));
  }
  const Model* const own = model ? &*model : nullptr;
  if (decoding_of(detector, own) == Decoding::kFast) {
    throw InvalidArgument(fmt::format(
        "camera {}: {} was made for images of fast decoding, frames are decoded exactly",
        options.name, options.detector.string()));
  }
}

}  // namespace

FrameJudge::FrameJudge(const CameraOptions& options)
    : detector_(read_detector(options.detector)), tiling_(tiling_of(detector_)) {
  const bool needs_model = !detector_.model_sha256.empty();
  const std::optional<Model> model = needs_model ? model_of(options) : std::nullopt;
  require_model_for(detector_, model, options);
  if (tiling_) {
    photographs_.emplace(model ? &*model : nullptr, detector_);
  } else if (model) {
    images_.emplace(*model, detector_);
  } else {
    images_.emplace(detector_);
  }
}

PhotographScore FrameJudge::judge(const Image& frame, std::string_view name) {
  if (photographs_) {
    return photographs_->score(frame, name);
  }
  PhotographScore result;
  result.score = images_->score(frame);
  return result;
}

}  // namespace gradspace::monitor
