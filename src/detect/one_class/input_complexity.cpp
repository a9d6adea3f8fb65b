// Input complexity: a likelihood is low for complicated images too, so what a compressor needs is taken off.
//
// J. Serra, D. Alvarez, V. Gomez, O. Slizovskaia, J. F. Nunez and J. Luque, "Input complexity and
// out-of-distribution detection with likelihood-based generative models" (ICLR 2020): S(x) = -log2 p(x) - L(x), with
// L the bits of the image as a PNG file. The likelihood must be one of bytes to be compared with bits, which BCE is
// not: the residual is Gaussian here with one variance v, whose maximum likelihood is the mean square over the clean
// images, and a byte's probability is the density times the width of a byte, 1/255. KLD is added, as for a bound.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <utility>

#include "core/tensor_of_shape.h"
#include "detect/one_class/method.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/codec.h"

namespace gradspace {
namespace {

/// Rounding to bytes alone makes an error of this mean square.
constexpr double kLeastVariance = 1 / (12 * 255.0 * 255.0);

/// The sum of the squared residual of image i.
double squared_residual(const Observations& observations, std::size_t i) {
  const std::size_t size = observations.input.size();
  const auto channels = static_cast<std::size_t>(observations.input.channels);
  const std::size_t area = size / channels;
  double sum = 0;
  for (std::size_t k = 0; k < size; ++k) {
    const std::size_t planar = k % channels * area + k / channels;
    const double residual =
        observations.pixels[i * size + k] / 255.0 - observations.reconstruction[i * size + planar];
    sum += residual * residual;
  }
  return sum;
}

TensorMap fit_variance(const OneClassTraining& training) {
  if (training.clean.count == 0) {
    throw InvalidArgument("input-complexity: no clean images to learn from");
  }
  double sum = 0;
  for (std::size_t i = 0; i < training.clean.count; ++i) {
    sum += squared_residual(training.clean, i);
  }
  const auto samples = static_cast<double>(training.clean.count * training.clean.input.size());
  return {{"variance", {{1}, {static_cast<float>(std::max(sum / samples, kLeastVariance))}}}};
}

class ComplexityScore : public ScoreFunction {
 public:
  ComplexityScore(ObservationNeeds needs, const TensorMap& tensors)
      : needs_(std::move(needs)),
        variance_(tensor_of_shape(tensors, "variance", {1}, "detector").values.front()) {
    if (!(variance_ > 0)) {
      throw InvalidArgument(
          fmt::format("detector: a variance of {}, it must be over 0", variance_));
    }
  }

  const ObservationNeeds& needs() const override { return needs_; }
  std::vector<double> score(const Observations& observations) const override {
    std::vector<double> scores(observations.count);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i] = bits_by_model(observations, i) - bits_as_png(observations, i);
    }
    return scores;
  }

 private:
  double bits_by_model(const Observations& observations, std::size_t i) const {
    const auto samples = static_cast<double>(observations.input.size());
    const double nats =
        samples * (std::log(2 * std::numbers::pi * variance_) / 2 + std::log(255.0)) +
        squared_residual(observations, i) / (2 * variance_) + observations.kld[i];
    return nats / std::numbers::ln2;
  }

  static double bits_as_png(const Observations& observations, std::size_t i) {
    const Extent& extent = observations.input;
    const ImageView image(observations.pixels.subspan(i * extent.size(), extent.size()),
                          extent.width, extent.height, extent.channels,
                          static_cast<std::size_t>(extent.width * extent.channels));
    return 8.0 * static_cast<double>(codec::encode_png(image).size());
  }

  ObservationNeeds needs_;
  double variance_;
};

}  // namespace

std::vector<OneClassMethod> input_complexity_methods() {
  OneClassMethod method{
      "input-complexity", "Bits that the model needs for the image, less those of a PNG file",
      needs_reconstruction, fit_variance,
      [](const TensorMap& tensors, const AutoencoderSpec& spec) {
        return std::make_unique<ComplexityScore>(needs_reconstruction(spec), tensors);
      }};
  return {std::move(method)};
}

}  // namespace gradspace
