// The model's own losses, as they stand: the baselines every other method has to beat.
#include "detect/one_class/method.h"

namespace gradspace {
namespace {

std::vector<double> squared_errors(const Observations& observations) {
  const std::size_t size = observations.input.size();
  const auto channels = static_cast<std::size_t>(observations.input.channels);
  const std::size_t area = size / channels;
  std::vector<double> errors(observations.count);
  for (std::size_t i = 0; i < observations.count; ++i) {
    const std::uint8_t* pixels = observations.pixels.data() + i * size;
    const float* reconstruction = observations.reconstruction.data() + i * size;
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t p = 0; p < area; ++p) {
        const double difference =
            pixels[p * channels + c] / 255.0 - static_cast<double>(reconstruction[c * area + p]);
        errors[i] += difference * difference;
      }
    }
    errors[i] /= static_cast<double>(size);
  }
  return errors;
}

std::vector<double> elbo(const Observations& observations) {
  std::vector<double> losses(observations.bce.begin(), observations.bce.end());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    losses[i] += observations.kld[i];
  }
  return losses;
}

}  // namespace

std::vector<OneClassMethod> loss_methods() {
  return {
      direct_method("reconstruction", "Mean squared error of the reconstruction",
                    needs_reconstruction, squared_errors),
      direct_method(
          "elbo", "BCE + KLD, the bound on minus the log-likelihood",
          [](const AutoencoderSpec&) { return ObservationNeeds{}; }, elbo),
  };
}

}  // namespace gradspace
