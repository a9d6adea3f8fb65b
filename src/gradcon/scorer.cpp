#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "gradient/lane_group.h"
#include "gradient/network.h"
#include "gradspace/error.h"
#include "gradspace/gradcon.h"
#include "gradspace/image.h"

namespace gradspace {

using gradient::kAlignment;
using gradient::kMaxLanes;

struct GradConScorer::State {
  /// A decoder layer's mean gradient.
  struct Mean {
    std::vector<float> values;
    double norm = 0;
  };
  /// By lane, of one layer: the squared norm of an image's gradient, its product with the mean.
  struct LayerSums {
    std::array<double, kMaxLanes> squares{};
    std::array<double, kMaxLanes> products{};
  };

  State(const GradConDetector& detector, double weight, InstructionSet set)
      : gradient_weight(weight),
        kernels(gradient::kernels(set)),
        network(detector.model, kernels, /*sampled=*/false),
        walk(network),
        slab(gradient::allocate_floats(network.slab_size() * kernels.lanes)),
        reconstruction(gradient::allocate_floats(network.image_size() * kernels.lanes)),
        byte_places(gradient::byte_places(detector.model.spec.input, kernels.lanes)),
        first_up(network.layers().size() - detector.model.spec.up.size()) {
    for (std::size_t layer = first_up; layer < network.layers().size(); ++layer) {
      Mean mean{detector.mean_gradients.at(network.layers()[layer].name + ".weight").values, 0};
      double square = 0;
      for (const float value : mean.values) {
        square += static_cast<double>(value) * static_cast<double>(value);
      }
      mean.norm = std::sqrt(square);
      means.push_back(std::move(mean));
    }
  }

  void score_group(const gradient::LaneGroup& group, const std::uint8_t* images,
                   std::span<GradConScore> scores) {
    gradient::load_images(kernels, group, images, network.image_size(), byte_places, walk.image());
    walk.forward(0, network.encoder_end());
    if (network.bottleneck()) {
      walk.forward(network.fc11());
    }
    walk.forward(network.decoder_begin(), network.layers().size());
    const std::array<double, kMaxLanes> squares = output_gradient();
    std::array<double, kMaxLanes> cosines{};
    walk.backward(network.output_layer(), first_up, walk.output(network.output_layer()),
                  /*beyond=*/false, [&](std::size_t layer, const float* gradient) {
                    add_cosines(layer, gradient, cosines);
                  });
    for (std::size_t lane = 0; lane < group.count; ++lane) {
      GradConScore& score = scores[group.first + lane];
      score.error = squares[lane] / static_cast<double>(network.image_size());
      score.cosine = cosines[lane] / static_cast<double>(means.size());
      score.score = score.error - gradient_weight * score.cosine;
    }
  }

  /// The logits become the error's gradient by them. Returns the squared errors.
  std::array<double, kMaxLanes> output_gradient() {
    float* const logits = walk.output(network.output_layer());
    gradient::OutputCall output;
    output.count = network.image_size();
    output.logits = logits;
    output.images = walk.image();
    output.reconstruction = reconstruction.get();
    kernels.output(output);
    alignas(kAlignment) std::array<double, kMaxLanes> squares{};
    alignas(kAlignment) std::array<float, kMaxLanes> weights{};
    std::fill_n(weights.begin(), kernels.lanes,
                static_cast<float>(1 / static_cast<double>(network.image_size())));
    gradient::SquareCall square;
    square.count = network.image_size();
    square.images = walk.image();
    square.reconstruction = reconstruction.get();
    square.weight = weights.data();
    square.squares = squares.data();
    square.gradient = logits;
    kernels.square(square);
    return squares;
  }

  /// The layer's gradient, part by part, against its mean gradient.
  void add_cosines(std::size_t index, const float* output_gradient,
                   std::array<double, kMaxLanes>& cosines) {
    const gradient::Layer& layer = network.layers()[index];
    const Mean& mean = means[index - first_up];
    const std::size_t each =
        static_cast<std::size_t>(layer.geometry.large.channels) * layer.geometry.taps();
    LayerSums sums;
    for (const gradient::ChannelBlock& block : layer.weight.small_blocks) {
      walk.weight_gradient(index, block, output_gradient, slab.get(), /*accumulate=*/false);
      const std::size_t size = static_cast<std::size_t>(block.size) * each;
      kernels.add_squares(slab.get(), size, sums.squares.data());
      kernels.add_products(slab.get(),
                           mean.values.data() + static_cast<std::size_t>(block.begin) * each, size,
                           sums.products.data());
    }
    for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
      const double norms = std::sqrt(sums.squares[lane]) * mean.norm;
      cosines[lane] += norms > 0 ? sums.products[lane] / norms : 0;
    }
  }

  double gradient_weight;
  const gradient::Kernels& kernels;
  gradient::Network network;
  gradient::Walk walk;
  gradient::AlignedFloats slab;
  gradient::AlignedFloats reconstruction;
  std::vector<std::int32_t> byte_places;
  std::size_t first_up;
  std::vector<Mean> means;
  std::vector<std::uint8_t> pixels;
};

GradConScorer::GradConScorer(const GradConDetector& detector, double gradient_weight,
                             InstructionSet set) {
  detector.validate();
  if (!std::isfinite(gradient_weight)) {
    throw InvalidArgument(
        fmt::format("gradcon: gradient weight {}: must be finite", gradient_weight));
  }
  state_ = std::make_unique<State>(detector, gradient_weight, set);
}

GradConScorer::~GradConScorer() = default;
GradConScorer::GradConScorer(GradConScorer&&) noexcept = default;
GradConScorer& GradConScorer::operator=(GradConScorer&&) noexcept = default;

std::vector<GradConScore> GradConScorer::score(std::span<const Image> images) {
  const Extent& input = state_->network.spec().input;
  std::vector<std::uint8_t>& pixels = state_->pixels;
  pixels.resize(images.size() * input.size());
  FixedSizeReader reader(input.width, input.height, input.channels);
  for (std::size_t i = 0; i < images.size(); ++i) {
    reader.fit(images[i], std::span(pixels).subspan(i * input.size(), input.size()));
  }
  return score_prepared(pixels);
}

std::vector<GradConScore> GradConScorer::score_prepared(
    std::span<const std::uint8_t> images_u8_nhwc) {
  const std::size_t size = state_->network.image_size();
  const std::size_t count = images_u8_nhwc.size() / size;
  if (count * size != images_u8_nhwc.size()) {
    throw InvalidArgument(fmt::format("gradcon: {} bytes are no whole number of images of {}",
                                      images_u8_nhwc.size(), size));
  }
  std::vector<GradConScore> scores(count);
  for (std::size_t first = 0; first < count; first += state_->kernels.lanes) {
    state_->score_group({first, std::min(state_->kernels.lanes, count - first)},
                        images_u8_nhwc.data(), scores);
  }
  return scores;
}

}  // namespace gradspace
