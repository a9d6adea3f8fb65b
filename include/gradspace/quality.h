// Full-reference image quality: how good does a distorted image look beside its reference?
//
// The paper's two scores, for which larger is better:
//   gradient  features are the logarithms of what the reference's weight gradient gives on each patch;
//             0 to 1, 1 for identical images; not symmetric
//   unique    the same decoder's activations (Temel et al. 2016); 0 to 1, 1 for identical images
//
// gradient and unique look at whole 8x8 patches of the halved image, at least four of them, whitened
// by the image's own statistics: a change of all pixels alike goes unseen.
//
// Our own score:
//   accord       made to agree with people, also where level and contrast change; 0 to 1, 1 for identical images; not
//                symmetric; sides of 31. exp(-loss), where the loss is -ln haarpsi + 45 mdsi^4 - 0.28 ln unique
//                + 0.006 |shift| + 1.6 max(0, -ln gain), and haarpsi and mdsi are of the reference once it was given
//                the distorted image's level (it shifts by so many levels of 255) and contrast (times the gain).
//                docs/quality.md tells where this comes from
//
// Their companions, which are what the field quotes. Larger is better but where it says so; identical
// images have exactly the score that is named:
//   psnr         peak signal-to-noise ratio of all RGB samples in dB; infinity for identical images
//   psnr-y       the same of luma (BT.601, rounded to 8 bits)
//   ssim         Wang et al. 2004 on that luma: 11x11 Gaussian window of sigma 1.5, K 0.01 and 0.03,
//                whole windows only, no downsampling; at most 1
//   ms-ssim      Wang et al. 2003 on that luma, five scales; 0 to 1. Sides of 161 suffice, as every scale
//                has room for a window then (the authors' code wants 176), and a mean structure that is
//                negative counts as 0
//   ms-ssim-rgb  the same of R, G and B, the three averaged; where a side is odd, a pixel is repeated
//                before the first of both axes
//   gmsd         Xue et al. 2014; 0 to 0.5, LOWER is better, 0 for identical images; sides of 5
//   ms-gmsd-c    MS-GMSDc of Zhang et al. 2017; LOWER is better, 0 for identical images; chroma is
//                compared at the smallest of the four scales; sides of 33
//   fsim-c       FSIMc of Zhang et al. 2011; 0 to 1; sides of 3
//   vsi          Zhang et al. 2014; 0 to 1; sides of 3. Saliency is of the image at 256x256, resized without
//                smoothing, in CIE Lab of white point D50
//   mdsi         Nafchi et al. 2016, similarities joined by their sum; LOWER is better, 0 for identical
//                images; not symmetric; sides of 3
//   haarpsi      Reisenhofer et al. 2018, with colour; 0 to 1; sides of 16
//   vif-p        VIFp, Sheikh and Bovik 2006, in the pixel domain; 0 and more (over 1 where contrast was
//                raised), 1 for identical images; not symmetric; sides of 41
//
// gmsd and haarpsi halve an image first, fsim-c, vsi and mdsi make it smaller by its shorter side / 256,
// rounded (a half to the even number). What a side has over is left out by fsim-c, repeated by vsi, which
// begins its blocks half a block before the image, and filled with zeros by the others. These rules are
// those of the implementation that the values are held against (docs/quality.md).
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

  /// Throws InvalidArgument when the sizes differ, or the score is undefined (unless both images are
  /// identical): for gradient and unique where either is without variance once its mean patch is taken
  /// off, for vif-p where the reference is flat, for fsim-c and vsi where both are, for haarpsi where both
  /// are black.
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
  std::string_view family;         ///< the name of a QualityFamily
  std::string_view range;          ///< in words: "0 to 1"
  bool larger_is_better = true;    ///< false: a smaller score means a better image
  double of_identical_images = 1;  ///< the best score; infinity for PSNR
  std::string_view source;         ///< who published it, where and when
};

/// All of them, the paper's first.
GRADSPACE_API std::span<const QualityMetricInfo> all_quality_metrics();

/// Throws InvalidArgument for a name that is not known.
GRADSPACE_API const QualityMetricInfo& quality_metric_info(std::string_view name);

/// Metrics that are asked for by one word.
struct QualityFamily {
  std::string_view name;
  std::string_view summary;
};
GRADSPACE_API std::span<const QualityFamily> quality_families();

/// The word for the metrics of all families.
inline constexpr std::string_view kAllQualityMetrics = "all";

/// The metrics' names, in order, where `words` may also name families, or all metrics; these add what is not
/// there yet. Throws InvalidArgument for a word that is not known.
GRADSPACE_API std::vector<std::string> quality_metric_names(std::span<const std::string> words);

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
