// How each image's decoder gradients of the squared error agree with a model's mean gradients: what
// GradCon scores by (gradspace/gradcon.h). Gradients are met with the means where they are computed, part
// by part, and never stored.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "gradient/network.h"

namespace gradspace::gradient::alignment {

class ImageAlignment {
 public:
  /// `network` must outlive it. `model` may have no mean gradients: then there is the error alone.
  ImageAlignment(const Network& network, const Model& model);
  /// With the means of `other`.
  ImageAlignment(const Network& network, const ImageAlignment& other)
      : network_(network), first_up_(other.first_up_), means_(other.means_) {}

  bool has_means() const { return !means_.empty(); }

  struct Lanes {
    std::array<double, kMaxLanes> error{};   ///< mean over the pixels
    std::array<double, kMaxLanes> cosine{};  ///< mean over the up layers
  };

  /// Of a walk that went forward to the end, and its reconstruction; the walk's logits are lost. `slab`:
  /// network.slab_size() values a lane.
  Lanes run(Walk& walk, const float* reconstruction, bool cosine, float* slab) const;

 private:
  /// An up layer's mean gradient.
  struct Mean {
    std::vector<float> values;
    double norm = 0;
  };

  void add_cosines(Walk& walk, std::size_t layer, const float* output_gradient, float* slab,
                   std::array<double, kMaxLanes>& cosines) const;

  const Network& network_;
  std::size_t first_up_;
  std::vector<Mean> means_;
};

}  // namespace gradspace::gradient::alignment
