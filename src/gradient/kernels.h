// The arithmetic, once for every instruction set: a table of functions on lane groups.
//
// A lane group is as many images as a vector register has lanes. Every array of a group has the
// images innermost: value i of image l stands at [i * lanes + l]. All such arrays are aligned to
// kAlignment. Counts are in vectors, that is in values of one image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "gradient/gather_plan.h"
#include "gradient/weight_plan.h"
#include "gradspace/gradient.h"

namespace gradspace::gradient {

inline constexpr std::size_t kAlignment = 64;
inline constexpr std::size_t kMaxLanes = 16;

/// Of a plan's bands those [first, end), as far as there are so many.
struct BandRange {
  std::size_t first = 0;
  std::size_t end = std::numeric_limits<std::size_t>::max();
};

/// One layer in one direction for one group.
struct GatherCall {
  const GatherPlan* plan = nullptr;
  const float* weight = nullptr;  ///< packed for `plan`
  const float* bias = nullptr;    ///< [out_channels], or null for zeros
  const float* in = nullptr;      ///< [in_channels, in_plane] vectors
  float* out = nullptr;           ///< [out_channels, out_plane] vectors
  BandRange bands;                ///< of outputs
  bool accumulate = false;        ///< add to `out` instead of the bias
  bool relu = false;              ///< negative results become 0
  /// The results are zeroed where these activations [out_channels, out_plane] are not positive: the
  /// derivative of a ReLU. Null for none.
  const float* active = nullptr;
};

/// The gradient of a part of one layer's weight, summed over groups.
struct WeightCall {
  const WeightPlan* plan = nullptr;
  const float* small = nullptr;  ///< [A, plane] vectors of the first group
  const float* large = nullptr;  ///< [B, plane] vectors
  int groups = 1;
  std::ptrdiff_t group_step = 0;  ///< in floats, from one group's arrays to the next one's
  ChannelBlock block;             ///< one of plan->small_blocks
  BandRange bands;                ///< that are summed
  float* out = nullptr;           ///< [block.size, B, k, k] vectors
  bool accumulate = false;        ///< add to `out`
};

/// The end of the forward pass: x' = sigmoid(logits), the reconstruction error, its gradient.
struct OutputCall {
  std::size_t count = 0;
  const float* logits = nullptr;
  const float* images = nullptr;
  float* reconstruction = nullptr;  ///< null: not wanted
  /// d BCE / d logits as PyTorch computes it: (x' - x) * min(1, x'(1 - x') / 1e-12), times the lane's
  /// weight. May be `logits` itself. Null: not wanted.
  float* gradient = nullptr;
  double* bce = nullptr;          ///< [lanes], the sums are added; null: not wanted
  const float* weight = nullptr;  ///< [lanes]
};

/// The squared error of a reconstruction x', and its first two derivatives by the logits.
struct SquareCall {
  std::size_t count = 0;
  const float* images = nullptr;
  const float* reconstruction = nullptr;
  const float* weight = nullptr;  ///< [lanes], of both derivatives
  double* squares = nullptr;      ///< [lanes], set to the sums of (x' - x)^2
  /// d (x' - x)^2 / d logit = 2 (x' - x) x' (1 - x'). Null: not wanted.
  float* gradient = nullptr;
  /// 2 x' (1 - x') (x' (1 - x') + (x' - x) (1 - 2 x')). Null: not wanted.
  float* curvature = nullptr;
};

/// The bottleneck's divergence and its gradients.
struct KldCall {
  std::size_t count = 0;
  const float* mu = nullptr;
  const float* logvar = nullptr;
  double* kld = nullptr;  ///< [lanes], set to the sums; null: not wanted
};

struct Kernels {
  InstructionSet set = InstructionSet::kBest;  ///< kBest where it has no other name: portable code
  std::size_t lanes = 1;
  /// Those of the set's widest kernels, for which plans are made: a narrow group is computed in the same
  /// order, and so to the same bits.
  std::size_t planned_lanes = 1;
  int accumulators = 1;  ///< sums that fit into registers beside what is multiplied

  /// Bytes of `lanes` images into [size] vectors, divided by 255; byte i goes to out + places[i], a
  /// multiple of the lanes.
  void (*load_u8)(const std::uint8_t* const* images, std::size_t size, const std::int32_t* places,
                  float* out);
  /// Rows of floats, one a lane, into [size] vectors, and back. Lanes may share a row.
  void (*load_rows)(const float* const* rows, std::size_t size, float* out);
  void (*store_rows)(const float* in, std::size_t size, float* const* rows);

  void (*gather)(const GatherCall& call);
  void (*weight_gradient)(const WeightCall& call);
  void (*output)(const OutputCall& call);
  void (*square)(const SquareCall& call);
  void (*kld)(const KldCall& call);
  /// d KLD / d logvar = (exp(logvar) - 1) / 2.
  void (*kld_logvar_gradient)(const float* logvar, std::size_t count, float* out);
  /// Adds each lane's sum of squares to sums[lanes].
  void (*add_squares)(const float* in, std::size_t count, double* sums);
  /// Adds each lane's scalar product with `factors` [count], the same for all, to sums[lanes].
  void (*add_products)(const float* in, const float* factors, std::size_t count, double* sums);
  /// out[i] += in[i].
  void (*add)(const float* in, std::size_t count, float* out);
  /// out[i] *= in[i].
  void (*multiply)(const float* in, std::size_t count, float* out);

  // Training.
  /// z = mu + deviation * noise, with deviation = exp(logvar / 2).
  void (*sample)(const float* mu, const float* logvar, const float* noise, std::size_t count,
                 float* deviation, float* z);
  /// From d BCE / d z: mu_gradient = dz + weight * mu,
  /// logvar_gradient = dz * noise * deviation / 2 + weight * (exp(logvar) - 1) / 2; weight [lanes].
  struct SampleGradient {
    std::size_t count = 0;
    const float* mu = nullptr;
    const float* deviation = nullptr;
    const float* noise = nullptr;
    const float* z_gradient = nullptr;
    const float* weight = nullptr;
    float* mu_gradient = nullptr;
    float* logvar_gradient = nullptr;
  };
  void (*sample_gradient)(const SampleGradient& call);
  /// out[c] += the sum over channel c's plane, [channels] vectors.
  void (*add_channel_sums)(const float* in, std::size_t channels, std::size_t plane, float* out);
  /// out[i] = the sum over the lanes of vector i.
  void (*sum_lanes)(const float* in, std::size_t count, float* out);

  // For tests and benchmarks.
  /// The function whose error bound math-inl.h states.
  void (*exp)(const float* in, std::size_t count, float* out);
  /// `steps` times `accumulators` independent multiply-adds of vectors: the processor's peak.
  float (*multiply_adds)(std::size_t steps);
};

/// The kernels of `set`. Throws InvalidArgument when the processor or this build lacks it.
const Kernels& kernels(InstructionSet set);

/// The kernels of the same instructions for groups of at most four lanes, which give the same bits; `wide`
/// itself where it has no more.
const Kernels& narrow_kernels(const Kernels& wide);

// By Highway's bits of instruction sets, of which the best is chosen.
namespace wide {
const Kernels& kernels_of(std::int64_t targets);
}
namespace narrow {
const Kernels& kernels_of(std::int64_t targets);
}

}  // namespace gradspace::gradient
