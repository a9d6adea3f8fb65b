// Mahalanobis distance of the latent mean, after Lee et al., "A simple unified framework for detecting
// out-of-distribution samples and adversarial attacks" (NeurIPS 2018), with one class and one layer.
#include <utility>

#include "detect/one_class/method.h"
#include "detect/one_class/shrunk_gaussian.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

ObservationNeeds latent_needs(const AutoencoderSpec& spec) {
  if (spec.latent == 0) {
    throw InvalidArgument("latent-mahalanobis: the model has no bottleneck, so there is no mu");
  }
  ObservationNeeds needs;
  needs.latent = true;
  return needs;
}

Matrix latent_means(const Observations& observations) {
  Matrix matrix(observations.count, observations.latent);
  matrix.values.assign(observations.mu.begin(), observations.mu.end());
  return matrix;
}

}  // namespace

std::vector<OneClassMethod> latent_methods() {
  OneClassMethod method = density_method(
      "latent-mahalanobis", "Mahalanobis distance of mu, covariance shrunk", latent_needs,
      [](const AutoencoderSpec&) { return latent_means; }, density_kind<ShrunkGaussian>());
  method.covariance_columns = [](const AutoencoderSpec& spec) {
    return static_cast<std::size_t>(spec.latent);
  };
  return {std::move(method)};
}

}  // namespace gradspace
