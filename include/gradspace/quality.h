// Full-reference image quality: how good does a distorted image look beside its reference?
//
// Larger is better in every metric:
//   gradient  the paper's score: features are the logarithms of what the reference's weight gradient
//             gives on each patch; 0 to 1, 1 for identical images; not symmetric
//   unique    the same decoder's activations (Temel et al. 2016); 0 to 1, 1 for identical images
//   psnr      peak signal-to-noise ratio of all RGB samples in dB; infinity for identical images
//   ssim      Wang et al. 2004 on luma (BT.601, rounded to 8 bits): 11x11 Gaussian window of sigma
//             1.5, K 0.01 and 0.03, whole windows only, no downsampling; at most 1
//
// gradient and unique look at whole 8x8 patches of the halved image, at least four of them, whitened
// by the image's own statistics: a change of all pixels alike goes unseen.
//
// A grey image counts as RGB with equal channels. The reference always comes before the distorted.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/image.h"
#include "gradspace/linear_decoder.h"

namespace gradspace {

namespace quality {
class ImageParts;
}

/// An image with what several metrics want of it, each worked out once, when first asked for.
/// Thread-safe.
class GRADSPACE_API QualityImage {
 public:
  /// `name` stands in messages.
  explicit QualityImage(Image image, std::string name = "image");
  ~QualityImage();
  QualityImage(QualityImage&&) noexcept;
  QualityImage& operator=(QualityImage&&) noexcept;

  const Image& rgb() const;
  const std::string& name() const;

 private:
  friend class quality::ImageParts;
  struct State;
  std::unique_ptr<State> state_;
};

/// A metric's view of one reference: all that does not depend on the distorted image is done.
/// Thread-safe.
class GRADSPACE_API QualityReference {
 public:
  virtual ~QualityReference() = default;

  /// Throws InvalidArgument when the sizes differ, the image is too small for the metric, or, for
  /// gradient and unique, either image is without variance once its mean patch is taken off (unless
  /// both are identical).
  virtual double score(const QualityImage& distorted) const = 0;
};

/// Thread-safe.
class GRADSPACE_API QualityMetric {
 public:
  virtual ~QualityMetric() = default;

  /// Throws InvalidArgument when the image is too small. The result holds on to the reference, not
  /// to the metric.
  virtual std::unique_ptr<QualityReference> prepare(
      std::shared_ptr<const QualityImage> reference) const = 0;
};

struct QualityMetricInfo {
  std::string_view name;     ///< the command line's word
  std::string_view summary;  ///< one line for --help
  bool uses_decoder = false;
};

/// All of them, the paper's first.
GRADSPACE_API std::span<const QualityMetricInfo> all_quality_metrics();

/// Throws InvalidArgument for a name that is not known, listing those that are. `decoder` is read
/// only by metrics that use one.
GRADSPACE_API std::unique_ptr<QualityMetric> make_quality_metric(std::string_view name,
                                                                 const LinearDecoder& decoder);
/// With the shipped decoder.
GRADSPACE_API std::unique_ptr<QualityMetric> make_quality_metric(std::string_view name);

/// Where two images differ in gradient space, by patches of 16x16 pixels (8x8 of the halved image).
struct GradientMap {
  int columns = 0;
  int rows = 0;
  /// Row by row: the patch's part in 1 - c, where c is the Spearman correlation under the gradient
  /// score (the score is |c|^10). Their mean is 1 - c; 0 where nothing differs.
  std::vector<double> values;
};

/// Throws as QualityReference::score.
GRADSPACE_API GradientMap gradient_map(const QualityImage& reference, const QualityImage& distorted,
                                       const LinearDecoder& decoder);

/// The map as heat over the reference in grey, with its scale below.
GRADSPACE_API Image draw_gradient_map(const QualityImage& reference, const GradientMap& map);

}  // namespace gradspace
