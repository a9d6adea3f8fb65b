// The paper's gradient features (last encoder layer by KLD, last decoder layer by BCE), without the
// paper's classifier: how far they lie from those of clean images.
#include <algorithm>
#include <utility>

#include "detect/observation.h"
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

RepresentationInto gradient_values(const AutoencoderSpec& spec) {
  return [wanted = gradient_needs(spec).blocks](const Observations& observations,
                                                ScoreMemory& memory) {
    const FeatureView gradients = gradient_rows(observations, wanted, memory.gathered);
    memory.features.reshape(gradients.rows, gradients.dimension);
    for (std::size_t i = 0; i < gradients.rows; ++i) {
      std::ranges::copy(gradients.row(i), memory.features.row(i).begin());
    }
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
