// Density over the gradient's size, layer by layer.
//
// S. Dauncey, C. Holmes, C. Williams and F. Falck, "Approximations to the Fisher information metric of
// deep generative models for out-of-distribution detection" (TMLR 2024, arXiv 2403.01485): the squared
// norms of the negative log-likelihood's gradient by each layer's parameters are close to log-normal;
// independent Gaussians are fitted to their logarithms, and the score is minus the log density. The
// likelihood is the bound, BCE + KLD, with z = mu. Deviation: weights only, no biases, as everywhere
// in gradspace.
#include <algorithm>
#include <cmath>

#include "detect/observation.h"
#include "detect/one_class/independent_gaussian.h"
#include "detect/one_class/method.h"

namespace gradspace {
namespace {

/// Under every norm that is not exactly zero.
constexpr double kLeastSquare = 1e-30;

ObservationNeeds norm_needs(const AutoencoderSpec& spec) {
  ObservationNeeds needs;
  needs.blocks = parse_features(spec.latent == 0 ? "all:bce" : "all:elbo", spec);
  needs.norms = true;
  return needs;
}

RepresentationInto log_squared_norms(const AutoencoderSpec& spec) {
  return [blocks = norm_needs(spec).blocks](const Observations& observations, ScoreMemory& memory) {
    norms_into(observations, blocks, memory.gathered);
    memory.features.reshape(observations.count, blocks.size());
    std::ranges::transform(memory.gathered, memory.features.values.begin(),
                           [](double norm) { return std::log(norm * norm + kLeastSquare); });
  };
}

}  // namespace

std::vector<OneClassMethod> gradient_norm_methods() {
  return {density_method("gradient-norm-density",
                         "Density of the log squared gradient norms of all layers (Dauncey et al.)",
                         norm_needs, log_squared_norms, density_kind<IndependentGaussian>())};
}

}  // namespace gradspace
