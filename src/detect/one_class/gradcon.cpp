// GradCon for models that its objective trained: the mean gradients are the model's own, so that there is
// nothing to fit but the threshold.
#include "gradspace/gradcon_detector.h"

#include <algorithm>

#include "detect/one_class/method.h"

namespace gradspace {
namespace {

std::vector<double> score(const Observations& observations) {
  std::vector<double> values;
  std::ranges::transform(gradcon_scores(observations), std::back_inserter(values),
                         &GradConScore::score);
  return values;
}

}  // namespace

std::vector<OneClassMethod> aligned_gradient_methods() {
  OneClassMethod method = direct_method(
      "gradcon", "Error and agreeing gradients, for a model that train --objective gradcon made",
      [](const AutoencoderSpec&) {
        ObservationNeeds needs;
        needs.alignment = true;
        return needs;
      },
      score);
  method.any_model = false;
  return {method};
}

}  // namespace gradspace
