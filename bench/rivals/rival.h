// A library that computes what the engine computes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gradspace/gradient.h"
#include "layer_case.h"

namespace gradspace::rivals {

/// One layer as a library computes it, in one thread. What can be done once for a network is done when it is made:
/// weights are packed, kernels compiled, and inputs and output gradients lie in the library's favourite layout.
class RivalLayer {
 public:
  virtual ~RivalLayer() = default;

  /// The layer's output of all images, in whatever layout.
  virtual void forward() = 0;
  /// The gradient of the layer's weight of every image by itself, in whatever layout.
  virtual void weight_gradients() = 0;

  /// What `forward` computed, [n, C, H, W], with bias and ReLU.
  virtual std::vector<float> output() = 0;
  /// What `weight_gradients` computed, [n, the weight's shape].
  virtual std::vector<float> gradients() = 0;

  /// What the library calls the code that it chose; may be empty.
  virtual std::string forward_code() const { return {}; }
  virtual std::string weight_code() const { return {}; }
};

struct Rival {
  std::string name;
  bool weight_gradients = true;  ///< false: it has none
  /// The case must outlive the layer.
  std::unique_ptr<RivalLayer> (*make)(const LayerCase& layer) = nullptr;
};

/// Those that can be kept to `set`, which is done for the whole process. The engine itself is the first one.
std::vector<Rival> rivals(InstructionSet set);

void use_in_gradspace(InstructionSet set);
std::unique_ptr<RivalLayer> make_gradspace_layer(const LayerCase& layer);

void use_in_onednn(InstructionSet set);
std::unique_ptr<RivalLayer> make_onednn_layer(const LayerCase& layer);

void use_in_libxsmm(InstructionSet set);
std::unique_ptr<RivalLayer> make_libxsmm_layer(const LayerCase& layer);

std::unique_ptr<RivalLayer> make_xnnpack_layer(const LayerCase& layer);

}  // namespace gradspace::rivals
