#include "gradient/alignment/image_alignment.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradspace::gradient::alignment {

ImageAlignment::ImageAlignment(const Network& network, const Model& model)
    : network_(network), first_up_(network.layers().size() - network.spec().up.size()) {
  if (model.mean_gradients.empty()) {
    return;
  }
  for (std::size_t layer = first_up_; layer < network.layers().size(); ++layer) {
    Mean mean{model.mean_gradients.at(network.layers()[layer].name + ".weight").values, 0};
    double square = 0;
    for (const float value : mean.values) {
      square += static_cast<double>(value) * static_cast<double>(value);
    }
    mean.norm = std::sqrt(square);
    means_.push_back(std::move(mean));
  }
}

ImageAlignment::Lanes ImageAlignment::run(Walk& walk, const float* reconstruction, bool cosine,
                                          float* slab) const {
  const auto pixels = static_cast<double>(network_.image_size());
  alignas(kAlignment) std::array<double, kMaxLanes> squares{};
  alignas(kAlignment) std::array<float, kMaxLanes> weights{};
  std::fill_n(weights.begin(), network_.kernels().lanes, static_cast<float>(1 / pixels));
  float* const gradient = walk.output(network_.output_layer());
  SquareCall square;
  square.count = network_.image_size();
  square.images = walk.image();
  square.reconstruction = reconstruction;
  square.weight = weights.data();
  square.squares = squares.data();
  square.gradient = gradient;
  network_.kernels().square(square);
  Lanes lanes;
  if (cosine) {
    walk.backward(network_.output_layer(), first_up_, gradient, /*beyond=*/false,
                  [&](std::size_t layer, const float* output_gradient) {
                    add_cosines(walk, layer, output_gradient, slab, lanes.cosine);
                  });
  }
  for (std::size_t lane = 0; lane < network_.kernels().lanes; ++lane) {
    lanes.error[lane] = squares[lane] / pixels;
    lanes.cosine[lane] = cosine ? lanes.cosine[lane] / static_cast<double>(means_.size()) : 0;
  }
  return lanes;
}

void ImageAlignment::add_cosines(Walk& walk, std::size_t index, const float* output_gradient,
                                 float* slab, std::array<double, kMaxLanes>& cosines) const {
  const Kernels& kernels = network_.kernels();
  const Layer& layer = network_.layers()[index];
  const Mean& mean = means_[index - first_up_];
  const std::size_t each =
      static_cast<std::size_t>(layer.geometry.large.channels) * layer.geometry.taps();
  std::array<double, kMaxLanes> squares{};
  std::array<double, kMaxLanes> products{};
  for (const ChannelBlock& block : layer.weight.small_blocks) {
    walk.weight_gradient(index, block, output_gradient, slab, /*accumulate=*/false);
    const std::size_t size = static_cast<std::size_t>(block.size) * each;
    kernels.add_squares(slab, size, squares.data());
    kernels.add_products(slab, mean.values.data() + static_cast<std::size_t>(block.begin) * each,
                         size, products.data());
  }
  for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
    const double norms = std::sqrt(squares[lane]) * mean.norm;
    cosines[lane] += norms > 0 ? products[lane] / norms : 0;
  }
}

}  // namespace gradspace::gradient::alignment
