// Fisher scores of a better likelihood: what one image's gradient says of the residual's spectrum.
//
// The decoder's Bernoulli likelihood has no notion of how large a residual should be at which
// frequency. Give it one: let r = x - x' be the residual in orthonormal coordinates (opponent colours,
// DCT), and let every coefficient of band b, a ring of frequencies in one colour channel, be Gaussian
// with a variance v_b of its own,
//   -log p(x | x') = sum_b N_b / 2 (log(2 pi v_b) + e_b / v_b),   e_b = mean of r^2 over the band.
// Its maximum likelihood is v_b = mean of e_b over the training images: trained with the autoencoder's
// reconstructions in closed form, to the same optimum that gradient descent on log v_b has. One image's
// gradient by that parameter is
//   d(-log p) / d log v_b = N_b (1 - e_b / v_b) / 2,
// the Fisher score (as in Fisher kernels, Jaakkola and Haussler 1999). It is a second moment: where a
// weight gradient of the decoder sums residuals over positions, so that zero-mean noise cancels, this
// one sums their squares. As it stands it is bounded on one side only and dominated by bright images
// ("spectral-fisher-linear"); its logarithm, log(e_b / v_b), a monotone function of the same gradient,
// is near normal ("spectral-fisher").
// With a variance for each of 7 x 7 places too (two bands, as image_features.h has them), the gradient
// is one number a place: "-local" looks at their quantiles.
#include <cmath>

#include "detect/one_class/image_features.h"
#include "detect/one_class/method.h"
#include "detect/one_class/nearest_neighbour.h"
#include "detect/one_class/shrunk_gaussian.h"

namespace gradspace {
namespace {

constexpr std::size_t kResidualBands = 9;

/// log e_b; the constant log v_b is what standardising takes away.
void log_scores(const Observations& observations, std::size_t i, std::vector<double>& out) {
  add_band_energies(residual_planes(observations, i), kResidualBands, out);
}

/// e_b; 1/v_b is what standardising divides out.
void linear_scores(const Observations& observations, std::size_t i, std::vector<double>& out) {
  const std::size_t first = out.size();
  log_scores(observations, i, out);
  for (std::size_t k = first; k < out.size(); ++k) {
    out[k] = std::exp(out[k]);
  }
}

void local_scores(const Observations& observations, std::size_t i, std::vector<double>& out) {
  const Planes residual = residual_planes(observations, i);
  add_band_energies(residual, kResidualBands, out);
  add_local_energies(residual, out);
}

template <void (*kDescribe)(const Observations&, std::size_t, std::vector<double>&)>
Matrix described(const Observations& observations) {
  return describe_images(observations, kDescribe);
}

template <void (*kDescribe)(const Observations&, std::size_t, std::vector<double>&)>
Representation representation(const AutoencoderSpec&) {
  return described<kDescribe>;
}

}  // namespace

std::vector<OneClassMethod> spectral_fisher_methods() {
  return {
      density_method("spectral-fisher-linear",
                     "Mahalanobis distance of the residual's spectral Fisher scores as they stand",
                     needs_reconstruction, representation<linear_scores>,
                     density_kind<ShrunkGaussian>()),
      density_method(
          "spectral-fisher", "Mahalanobis distance of the logarithms of spectral Fisher scores",
          needs_reconstruction, representation<log_scores>, density_kind<ShrunkGaussian>()),
      density_method(
          "spectral-fisher-local",
          "Log Fisher scores by band and by place: distance to the nearest clean image's",
          needs_reconstruction, representation<local_scores>, density_kind<NearestNeighbour>()),
      pseudo_outlier_method("spectral-fisher-pseudo",
                            "Log Fisher scores by band and by place, told from those of distorted "
                            "clean images by a network",
                            needs_reconstruction, described<local_scores>),
  };
}

}  // namespace gradspace
