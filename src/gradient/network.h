// A model made ready for the kernels, and one lane group's walk through it: what the feature engine
// and the trainer share.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/aligned_array.h"
#include "gradient/gather_plan.h"
#include "gradient/kernels.h"
#include "gradient/weight_plan.h"
#include "gradspace/model.h"

namespace gradspace::gradient {

/// A layer with its weights packed for either direction. Its input and output are tensors of the
/// walk: 0 is the image, i + 1 layer i's output; the trainer's sampled code comes after them.
struct Layer {
  std::string name;
  LayerGeometry geometry;
  GatherPlan forward;
  GatherPlan backward;
  WeightPlan weight;
  std::vector<float> forward_weight;
  std::vector<float> backward_weight;  ///< empty where no gradient passes: the first layer
  std::vector<float> bias;
  std::size_t input = 0;
  bool relu = false;  ///< after it
};

/// Layers in the order of the forward pass and where its parts begin.
class Network {
 public:
  /// Throws InvalidArgument for a model that does not validate, or one whose lane group would need
  /// over kMaxGroupBytes. `sampled`: fc2 reads a code of its own instead of mu.
  Network(const Model& model, const Kernels& kernels, bool sampled);

  /// The same network for the narrow kernels of `wide`'s instruction set.
  Network(const Network& wide, const Kernels& narrow);

  /// Packs other weights of the same shapes.
  void set_weights(const TensorMap& weights);

  const Kernels& kernels() const { return kernels_; }
  const AutoencoderSpec& spec() const { return spec_; }
  const std::vector<Layer>& layers() const { return layers_; }
  bool bottleneck() const { return spec_.latent > 0; }
  std::size_t latent() const { return static_cast<std::size_t>(spec_.latent); }
  std::size_t image_size() const { return spec_.input.size(); }

  std::size_t encoder_end() const { return spec_.down.size(); }
  std::size_t fc11() const { return encoder_end(); }
  std::size_t fc12() const { return encoder_end() + 1; }
  /// fc2; without a bottleneck the first up layer.
  std::size_t decoder_begin() const { return encoder_end() + (bottleneck() ? 2 : 0); }
  std::size_t output_layer() const { return layers_.size() - 1; }

  /// Values of each tensor of the walk, for one image.
  const std::vector<std::size_t>& tensor_sizes() const { return tensor_sizes_; }
  std::size_t code_tensor() const { return layers_.size() + 1; }
  /// Of the largest gradient that passes from layer to layer.
  std::size_t gradient_size() const { return gradient_size_; }
  /// Of the largest part of a weight gradient that is computed at once.
  std::size_t slab_size() const { return slab_size_; }

 private:
  const Kernels& kernels_;
  AutoencoderSpec spec_;
  std::vector<Layer> layers_;
  std::vector<std::size_t> tensor_sizes_;
  std::size_t gradient_size_ = 0;
  std::size_t slab_size_ = 0;
};

/// What one lane group may take: tensors, gradients, a part of a weight gradient.
inline constexpr std::size_t kMaxGroupBytes = std::size_t{1} << 31;

using AlignedFloats = AlignedArray<float>;

/// `count` floats, not initialised. Throws std::bad_alloc.
AlignedFloats allocate_floats(std::size_t count);

/// One lane group's tensors and the steps between them. For one thread at a time.
class Walk {
 public:
  explicit Walk(const Network& network);

  float* tensor(std::size_t id) { return tensors_[id]; }
  float* output(std::size_t layer) { return tensors_[layer + 1]; }
  float* image() { return tensors_[0]; }

  void forward(std::size_t layer, const BandRange& bands = {});
  void forward(std::size_t begin, std::size_t end);

  /// The first layer. Calls load(begin, end) for image rows just before they are needed, so that they are
  /// still in the first cache when they are: all rows, in order.
  template <class Load>
  void forward_first(Load load) {
    const std::vector<RowBand>& bands = network_.layers()[0].forward.bands;
    int loaded = 0;
    for (std::size_t band = 0; band < bands.size(); ++band) {
      const int end = band + 1 == bands.size() ? network_.spec().input.height : bands[band].end_in;
      if (end > loaded) {
        load(loaded, end);
        loaded = end;
      }
      forward(0, BandRange{band, band + 1});
    }
  }

  /// The last layer, and of its output what `wanted` says: its arrays are whole images', but for the
  /// logits and images, which are the walk's. Band by band, for the same reason; calls done(rows) when
  /// the rows [0, rows) of the output are finished.
  template <class Done>
  void forward_last(const OutputCall& wanted, Done done) {
    const std::size_t last = network_.output_layer();
    const std::vector<RowBand>& bands = network_.layers()[last].forward.bands;
    for (std::size_t band = 0; band < bands.size(); ++band) {
      forward(last, BandRange{band, band + 1});
      output_rows(wanted, bands[band]);
      done(bands[band].end);
    }
  }
  void forward_last(const OutputCall& wanted) {
    forward_last(wanted, [](int /*rows*/) {});
  }

  /// The gradient at layer `layer`'s input from the one at its output; `accumulate` adds to `in`.
  void backward(std::size_t layer, const float* out, float* in, bool accumulate = false);

  /// Goes back from layer `last` to layer `first`, `gradient` being that at the output of `last`.
  /// Calls visit(layer, its output's gradient) for each. Returns the gradient at the input of `first`
  /// when `beyond`, else null.
  template <class Visit>
  float* backward(std::size_t last, std::size_t first, float* gradient, bool beyond, Visit visit) {
    for (std::size_t layer = last;; --layer) {
      visit(layer, static_cast<const float*>(gradient));
      if (layer == first && !beyond) {
        return nullptr;
      }
      float* next = other_gradient(gradient);
      backward(layer, gradient, next);
      gradient = next;
      if (layer == first) {
        return gradient;
      }
    }
  }

  /// The two buffers between which gradients pass.
  float* gradient_buffer() { return gradients_[0]; }

  /// A part of the gradient of `layer`'s weight: `block` of its weight.small_blocks.
  void weight_gradient(std::size_t layer, const ChannelBlock& block, const float* output_gradient,
                       float* out, bool accumulate, const BandRange& bands = {});

 private:
  void output_rows(const OutputCall& wanted, const RowBand& rows);

  float* other_gradient(const float* gradient) const {
    return gradient == gradients_[0] ? gradients_[1] : gradients_[0];
  }

  const Network& network_;
  AlignedFloats memory_;
  std::vector<float*> tensors_;
  float* gradients_[2] = {};
};

}  // namespace gradspace::gradient
