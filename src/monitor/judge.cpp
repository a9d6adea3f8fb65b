#include "monitor/judge.h"

#include <fmt/format.h>

#include "gradspace/error.h"
#include "gradspace/model.h"

namespace gradspace::monitor {
namespace {

/// Frames are compared with clean ones of no lower p-value.
constexpr double kSurelyClean = 0.2;
constexpr std::chrono::seconds kSeeCleanEvery{5};
constexpr std::chrono::milliseconds kNameEvery{500};

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
  if (!options.causes.empty()) {
    causes_.emplace(model ? &*model : nullptr, detector_, read_causes(options.causes));
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

std::string FrameJudge::cause(const Image& frame, const ImageScore& score, bool out_of_distribution,
                              SteadyTime now) {
  if (!causes_) {
    return {};
  }
  if (!out_of_distribution) {
    if (score.p_value >= kSurelyClean && now >= see_clean_again_) {
      causes_->see_clean(frame);
      see_clean_again_ = now + kSeeCleanEvery;
    }
    cause_.clear();
    return {};
  }
  if (cause_.empty() || now >= name_again_) {
    cause_ = causes_->name(frame);
    name_again_ = now + kNameEvery;
  }
  return cause_;
}

}  // namespace gradspace::monitor
