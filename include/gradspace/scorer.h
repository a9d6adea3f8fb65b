// From pictures to verdicts: model, gradients and detector in one object, for use beside a camera.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/gradient.h"
#include "gradspace/image.h"

namespace gradspace {

struct ImageScore {
  double score = 0;    ///< larger = further out of distribution; a classifier's is P(OOD), 0 to 1
  double p_value = 1;  ///< among the detector's clean images; 1 where it holds none
  float bce = 0;       ///< reconstruction loss, summed over pixels
  float kld = 0;       ///< latent loss
  bool out_of_distribution = false;  ///< score > the detector's threshold
};

/// For one thread at a time; make one a thread.
class GRADSPACE_API Scorer {
 public:
  /// `backend` must compute exactly `detector.columns` for a model of this description: make it with
  /// `make_native_backend(model, detector.columns)`. Throws InvalidArgument when it does not, or the
  /// detector does not fit the model.
  Scorer(std::unique_ptr<GradientBackend> backend, const Detector& detector,
         const AutoencoderSpec& spec);
  ~Scorer();
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;

  /// Images of any size, grey or colour; each is resized to the model's input.
  std::vector<ImageScore> score(std::span<const Image> images);

  /// Images that have the model's input extent already, HWC, one after the other.
  std::vector<ImageScore> score_prepared(std::span<const std::uint8_t> images_u8_nhwc);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Resizes (antialiased bilinear) and converts to the extent's channels, HWC bytes into `out`
/// (extent.size() bytes).
GRADSPACE_API void prepare_image(const Image& image, const Extent& extent,
                                 std::span<std::uint8_t> out);

}  // namespace gradspace
