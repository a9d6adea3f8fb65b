// DoSE: the density of a model's states.
//
// W. Morningstar, C. Ham, A. Gallagher, B. Lakshminarayanan, A. Alemi and J. Dillon, "Density of states estimation
// for out-of-distribution detection" (AISTATS 2021): numbers that a model gives for an image are ordinary or not,
// to either side, and a kernel density estimate of each says how ordinary; the score is minus the sum of the log
// densities. The five numbers are the paper's for a variational autoencoder: the cross-entropy of q(z|x) with the
// prior, the entropy of q(z|x), their difference KLD, the distortion -log p(x|z), and the estimate of -log p(x) by
// importance. Deviation: z = mu, one sample that is not random, as everywhere in gradspace; and the distortion is BCE.
#include <cmath>
#include <numbers>

#include "detect/one_class/kernel_density.h"
#include "detect/one_class/method.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

ObservationNeeds state_needs(const AutoencoderSpec& spec) {
  if (spec.latent == 0) {
    throw InvalidArgument("dose: the model has no bottleneck, so it has no latent states");
  }
  ObservationNeeds needs;
  needs.latent = true;
  return needs;
}

Matrix states(const Observations& observations) {
  Matrix matrix(observations.count, 5);
  const auto latent = static_cast<double>(observations.latent);
  for (std::size_t i = 0; i < observations.count; ++i) {
    double squares = 0;
    double variances = 0;
    double log_variances = 0;
    for (std::size_t k = i * observations.latent; k < (i + 1) * observations.latent; ++k) {
      const double mu = observations.mu[k];
      const double logvar = observations.logvar[k];
      squares += mu * mu;
      variances += std::exp(logvar);
      log_variances += logvar;
    }
    const double log_2_pi = std::log(2 * std::numbers::pi);
    const double bce = observations.bce[i];
    const auto row = matrix.row(i);
    row[0] = (squares + variances + latent * log_2_pi) / 2;
    row[1] = (log_variances + latent * (1 + log_2_pi)) / 2;
    row[2] = observations.kld[i];
    row[3] = bce;
    row[4] = bce + (squares - log_variances) / 2;
  }
  return matrix;
}

}  // namespace

std::vector<OneClassMethod> state_density_methods() {
  return {density_method(
      "dose", "Densities of five numbers of the model's own: two entropies, KLD, BCE, likelihood",
      state_needs, [](const AutoencoderSpec&) { return states; }, density_kind<KernelDensity>())};
}

}  // namespace gradspace
