#include "detect/one_class/method.h"

namespace gradspace {

/// How dark an image is.
std::vector<OneClassMethod> toy_detector_methods() {
  return {direct_method(
      "toy-detector", "Darkness", [](const AutoencoderSpec&) { return ObservationNeeds(); },
      [](const Observations& images) {
        const std::size_t size = images.input.size();
        std::vector<double> scores(images.count);
        for (std::size_t i = 0; i < images.count * size; ++i) {
          scores[i / size] -= images.pixels[i];
        }
        return scores;
      })};
}

}  // namespace gradspace
