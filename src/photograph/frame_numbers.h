// The numbers that a frame's causes are told by (gradspace/causes.h).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "gradspace/detector.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/tiles.h"

namespace gradspace {

/// Of a detector of photographs what its tiles and the model's residuals say over the frame, of one of images the
/// model's gradients that it looks at. For one thread at a time.
class FrameNumbers {
 public:
  /// `model` may be null where the detector needs none. Neither needs to outlive it. Throws InvalidArgument for a
  /// detector of images without gradients.
  FrameNumbers(const Model* model, const Detector& detector);
  ~FrameNumbers();
  FrameNumbers(FrameNumbers&&) noexcept;
  FrameNumbers& operator=(FrameNumbers&&) noexcept;

  /// Nothing for a detector of images.
  const std::optional<Tiling>& tiling() const;

  /// Throws InvalidArgument for a frame smaller than a tile; `name` stands in the message. The result lives until the
  /// next call.
  std::span<const float> of(const ImageView& frame, std::string_view name);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
