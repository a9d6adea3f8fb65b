// Fisher scores of a likelihood that knows colours and levels.
//
// The spectral likelihood (spectral_fisher.cpp) gives every band of the residual's frequencies a variance in each
// of three opponent colours on its own, and is blind to what joins the colours and to how dark the image is. Two
// more factors give it both:
//
// 1. Colours go together. The three coefficients c of a frequency in ring k are Gaussian with a covariance S_k:
//      -log p = N_k / 2 (log det S_k + tr(S_k^-1 E_k)),   E_k = mean of c c^T over the ring.
//    With S_k = A exp(H) A^T, the gradient at the clean images' fit A A^T is
//      d(-log p) / dH = N_k / 2 (I - A^-1 E_k A^-T),
//    a linear function of E_k that can be inverted: whoever knows the gradient knows E_k. Taken are the logarithms
//    of its variances, as in the spectral likelihood, and Fisher's z of its correlations, both near normal. The same
//    holds for the pixels of three bands of differences of Gaussians, whose correlations are taken as they are.
// 2. Levels. Each sample of a channel has one of 16 levels with probabilities pi = softmax(theta):
//      -log p = -sum_j n_j log pi_j,   d(-log p) / d theta_j = N pi_j - n_j,
//    at whose optimum pi_j is the share of the level in the clean images. Taken is log((n_j + 1) / N), a monotone
//    function of the same number. This factor looks at the image alone and needs no model: its Fisher score is a
//    histogram, as that of a Gaussian is an energy.
#include "detect/one_class/image_features.h"
#include "detect/one_class/method.h"
#include "detect/one_class/shrunk_gaussian.h"

namespace gradspace {
namespace {

constexpr std::size_t kColourBands = 9;

Matrix colour_scores(const Observations& observations) {
  return describe_images(observations, [](const Observations& all, std::size_t i, auto& out) {
    const Planes residual = residual_planes(all, i);
    add_band_energies(residual, kColourBands, out);
    add_local_energies(residual, out);
    add_band_correlations(residual, out);
    add_channel_correlations(residual, out);
    add_levels(all, i, out);
  });
}

}  // namespace

std::vector<OneClassMethod> colour_fisher_methods() {
  return {
      density_method(
          "colour-fisher",
          "Fisher scores of a likelihood that joins colours and knows levels: Mahalanobis distance",
          needs_reconstruction, [](const AutoencoderSpec&) { return colour_scores; },
          density_kind<ShrunkGaussian>()),
      pseudo_outlier_method("colour-fisher-pseudo",
                            "The same scores, told from those of distorted clean images by a "
                            "network",
                            needs_reconstruction, colour_scores),
  };
}

}  // namespace gradspace
