#include <algorithm>
#include <iterator>

#include "core/round_up.h"
#include "gradient/alignment/passes.h"

namespace gradspace::gradient::alignment {

Workspace::Workspace(const Network& network) {
  const std::size_t lanes = network.kernels().lanes;
  const auto place = [&](std::size_t values) {
    constexpr std::size_t kAlignedFloats = kAlignment / sizeof(float);
    const std::size_t offset = group_size_;
    group_size_ += round_up_to(kAlignedFloats, values * lanes);
    return offset;
  };
  const std::vector<std::size_t>& sizes = network.tensor_sizes();
  const std::size_t layers = network.layers().size();
  const std::size_t first_up = layers - network.spec().up.size();
  std::ranges::transform(sizes, std::back_inserter(activations_), place);
  tangents_.resize(layers);
  gradient_tangents_.resize(layers);
  for (std::size_t layer = 0; layer < layers; ++layer) {
    const std::size_t size = sizes[layer + 1];
    gradients_.push_back(place(size));
    if (layer >= first_up) {
      tangents_[layer] = place(size);
      gradient_tangents_[layer] = place(size);
    }
  }
  reconstruction_ = place(network.image_size());
  curvature_ = place(network.image_size());
  noise_ = place(network.latent());
  deviation_ = place(network.latent());
  code_gradient_ = place(network.latent());
  scratch_ = place(sizes[first_up + 1]);
}

void Workspace::reserve(std::size_t groups) {
  if (groups > groups_) {
    memory_.reset();
    memory_ = allocate_floats(groups * group_size_);
    groups_ = groups;
  }
}

}  // namespace gradspace::gradient::alignment
