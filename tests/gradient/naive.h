// The autoencoder in straight loops and double precision: what the engine is compared with. Nothing
// of the engine is used; a layer is a list of products out += in * weight, written down from the
// definitions of its operation.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "gradspace/model.h"

namespace gradspace::testing {

/// A loss by its parts: bce * BCE + kld * KLD.
struct LossWeights {
  double bce = 0;
  double kld = 0;
};

struct NaiveResult {
  std::vector<double> reconstruction;
  std::vector<double> mu;
  std::vector<double> logvar;
  double bce = 0;
  double kld = 0;
  /// By parameter name, "down.0.weight".
  std::map<std::string, std::vector<double>> gradients;
  /// The least distance of a ReLU's argument from 0: single precision may take the other branch when
  /// it is tiny.
  double least_relu_argument = 1e300;
};

/// One image [C,H,W] within [0,1]; `noise` [latent] or empty for z = mu.
NaiveResult naive_pass(const Model& model, std::span<const double> image, const LossWeights& loss,
                       std::span<const float> noise = {});

/// Bytes [H,W,C] to [C,H,W] / 255.
std::vector<double> to_planes(std::span<const std::uint8_t> image_hwc, const Extent& extent);

}  // namespace gradspace::testing
