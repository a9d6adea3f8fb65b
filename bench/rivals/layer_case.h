// What every rival is given to compute: one layer, and images for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gradient/geometry.h"
#include "gradspace/model.h"

namespace gradspace::rivals {

struct LayerCase {
  std::size_t index = 0;  ///< in the order of the forward pass
  LayerInfo info;
  gradient::LayerGeometry geometry;
  bool relu = false;          ///< after it
  std::size_t images = 0;     ///< n
  std::vector<float> weight;  ///< as PyTorch has it
  std::vector<float> bias;
  std::vector<float> input;            ///< [n, C, H, W]
  std::vector<float> output_gradient;  ///< [n, C, H, W]
  /// Multiply-adds of one image: taps inside the image only.
  std::uint64_t forward_work = 0;
  std::uint64_t weight_work = 0;

  bool linear() const { return info.kind == LayerInfo::Kind::kLinear; }
  bool transposed() const { return info.kind == LayerInfo::Kind::kConvTranspose; }
  /// The two sides of the weight gradient (gradient/geometry.h): of one image, [C, H, W].
  const float* small(std::size_t image) const {
    return transposed() ? input_of(image) : output_gradient_of(image);
  }
  const float* large(std::size_t image) const {
    return transposed() ? output_gradient_of(image) : input_of(image);
  }
  const float* input_of(std::size_t image) const { return input.data() + image * info.in.size(); }
  const float* output_gradient_of(std::size_t image) const {
    return output_gradient.data() + image * info.out.size();
  }
};

/// The default autoencoder as all cases have it.
Model measured_model();

/// A case a layer; its values are drawn, the same each time.
std::vector<LayerCase> layer_cases(std::size_t images);

/// To outputs [n, C, H, W], where the library left them out.
void add_bias_and_relu(const LayerCase& layer, std::vector<float>& outputs);

}  // namespace gradspace::rivals
