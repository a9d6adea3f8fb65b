// The forward pass alone, for those who go on with images and reconstructions where the engine has them: in lanes.
#pragma once

#include <array>
#include <cstddef>

#include "gradient/network.h"
#include "gradspace/gradient.h"

namespace gradspace::gradient {

/// One lane group: kernels.h says how it lies in memory. For one thread at a time.
class LaneReconstruction {
 public:
  /// Throws InvalidArgument for a model of several members, and as make_native_backend.
  explicit LaneReconstruction(const Model& model, InstructionSet set = InstructionSet::kBest);

  /// Where images are put before `run`: [C, H, W] vectors of values in [0, 1].
  float* images() { return walk_.image(); }

  /// By lane.
  struct Losses {
    alignas(kAlignment) std::array<double, kMaxLanes> bce{};
    alignas(kAlignment) std::array<double, kMaxLanes> kld{};
  };
  Losses run();

  /// Of the last run.
  const float* reconstructions() const { return reconstructions_.get(); }

 private:
  const Kernels& kernels_;
  Network network_;
  Walk walk_;
  AlignedFloats reconstructions_;
};

}  // namespace gradspace::gradient
