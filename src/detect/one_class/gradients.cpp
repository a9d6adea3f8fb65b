// The paper's gradient features (last encoder layer by KLD, last decoder layer by BCE), without the
// paper's classifier: how far they lie from those of clean images.
#include <algorithm>
#include <utility>

#include "detect/one_class/method.h"
#include "detect/one_class/nearest_neighbour.h"
#include "detect/one_class/shrunk_gaussian.h"

namespace gradspace {
namespace {

ObservationNeeds gradient_needs(const AutoencoderSpec& spec) {
  ObservationNeeds needs;
  needs.blocks = parse_features(proposed_features(spec), spec);
  needs.gradients = true;
  return needs;
}

Representation gradient_values(const AutoencoderSpec& spec) {
  return [wanted = gradient_needs(spec).blocks](const Observations& observations) {
    Matrix matrix(observations.count, dimension(wanted));
    const ObservedGradients gradients = gradients_of(observations, wanted);
    for (std::size_t i = 0; i < matrix.rows; ++i) {
      std::ranges::copy(gradients.rows.row(i), matrix.row(i).begin());
    }
    return matrix;
  };
}

}  // namespace

std::vector<OneClassMethod> gradient_methods() {
  OneClassMethod mahalanobis = density_method(
      "gradient-mahalanobis", "Mahalanobis distance of the paper's gradients, covariance shrunk",
      gradient_needs, gradient_values, density_kind<ShrunkGaussian>());
  mahalanobis.covariance_columns = [](const AutoencoderSpec& spec) {
    return dimension(gradient_needs(spec).blocks);
  };
  return {
      std::move(mahalanobis),
      density_method("gradient-neighbour",
                     "Distance of the paper's gradients to the nearest clean image's",
                     gradient_needs, gradient_values, density_kind<NearestNeighbour>()),
  };
}

}  // namespace gradspace
