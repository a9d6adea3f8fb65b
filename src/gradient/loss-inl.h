// Losses, their gradients at outputs and bottleneck, and sums over lanes and values. Included once
// for every instruction set.
#if defined(GRADSPACE_GRADIENT_LOSS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_GRADIENT_LOSS_INL_H
#undef GRADSPACE_GRADIENT_LOSS_INL_H
#else
#define GRADSPACE_GRADIENT_LOSS_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "gradient/gather-inl.h"
#include "gradient/kernels.h"
#include "gradient/layout-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE {

/// PyTorch clamps log(x') and log(1 - x') at -100 and, in the gradient, x'(1 - x') at 1e-12.
inline constexpr float kLogClamp = 100.0F;
inline constexpr float kInverseVarianceClamp = 1e12F;

/// Long sums: floats for a while, then doubles.
class LaneSums {
 public:
  /// Adds to sums[lanes].
  explicit LaneSums(double* sums) : sums_(sums) {}

  HWY_INLINE void add(V value) {
    const D d;
    HWY_ALIGN float lanes[kLanes];
    hn::Store(value, d, lanes);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sums_[lane] += static_cast<double>(lanes[lane]);
    }
  }

 private:
  double* sums_;
};

/// The output is done in parts of so many vectors. A product of so many factors within (1, 2] is finite.
inline constexpr std::size_t kPart = 64;

/// Some vectors of an output, and what is wanted of them.
struct OutputPart {
  std::size_t count = 0;
  const float* logits = nullptr;
  const float* images = nullptr;
  const float* exponentials = nullptr;  ///< exp(-|logit|)
  float* reconstruction = nullptr;      ///< null: not wanted
  float* gradient = nullptr;            ///< null: not wanted
};

/// A part's loss.
struct PartLoss {
  HWY_ATTR PartLoss() : linear(hn::Zero(D())), product(hn::Set(D(), 1.0F)) {}

  V linear;   ///< all of it but for logarithms
  V product;  ///< of all 1 + exp(-|logit|), whose logarithm is the rest
};

/// log x' = -softplus(-l) and log(1 - x') = -softplus(l) are taken from the logits, where no difference
/// of nearly equal numbers is formed. softplus(l) = max(l, 0) + log(1 + exp(-|l|)); of the second parts
/// one logarithm of their product is taken.
HWY_INLINE void add_loss(V logit, V image, V e, PartLoss& loss) {
  const D d;
  const V clamp = hn::Set(d, kLogClamp);
  const V l = hn::Min(hn::Max(logit, hn::Neg(clamp)), clamp);
  loss.linear = hn::Add(loss.linear, hn::NegMulAdd(l, image, hn::Max(l, hn::Zero(d))));
  loss.product = hn::MulAdd(loss.product, e, loss.product);
}

/// Whether some lane's gradient is one of PyTorch's clamped ones: x'(1 - x') < 1e-12 wants
/// e = exp(-|logit|) < 1.0001e-12, which is rare.
HWY_INLINE bool is_saturated(V least) {
  return HWY_UNLIKELY(!hn::AllTrue(D(), hn::Gt(least, hn::Set(D(), 1.1e-12F))));
}

/// `weight` times min(1, x'(1 - x') / 1e-12), with x'(1 - x') = e / (1 + e)^2.
HWY_INLINE V saturated(V e, V inverse, V weight) {
  const D d;
  const V variance = hn::Mul(hn::Mul(e, inverse), inverse);
  const V factor = hn::Mul(variance, hn::Set(d, kInverseVarianceClamp));
  return hn::Mul(weight, hn::Min(factor, hn::Set(d, 1.0F)));
}

/// Stores what is wanted of one vector. Images and reconstruction may be one array, logits and gradient
/// another.
template <bool kLoss, bool kWeighted>
HWY_INLINE void finish_output(const OutputPart& part, std::size_t at, V e, V inverse, V weight,
                              PartLoss& loss) {
  const D d;
  const V logit = hn::Load(d, part.logits + at);
  const V image = hn::Load(d, part.images + at);
  const V value = logistic(logit, e, inverse);
  if constexpr (kLoss) {
    add_loss(logit, image, e, loss);
  }
  if (part.reconstruction != nullptr) {
    hn::Store(value, d, part.reconstruction + at);
  }
  if (part.gradient != nullptr) {
    const V gradient = hn::Sub(value, image);
    hn::Store(kWeighted ? hn::Mul(gradient, weight) : gradient, d, part.gradient + at);
  }
}

/// Four divisions for the price of one: 1 / a, ..., 1 / d come out of 1 / (abcd), which is safe since
/// each factor is within (1, 2].
template <bool kLoss, bool kWeighted>
HWY_INLINE void output_4(const OutputPart& part, std::size_t at, V weight, PartLoss& loss) {
  const D d;
  const V one = hn::Set(d, 1.0F);
  const float* exponentials = part.exponentials + at;
  const V e0 = hn::Load(d, exponentials);
  const V e1 = hn::Load(d, exponentials + kLanes);
  const V e2 = hn::Load(d, exponentials + 2 * kLanes);
  const V e3 = hn::Load(d, exponentials + 3 * kLanes);
  const V a0 = hn::Add(one, e0);
  const V a1 = hn::Add(one, e1);
  const V a2 = hn::Add(one, e2);
  const V a3 = hn::Add(one, e3);
  const V a01 = hn::Mul(a0, a1);
  const V a23 = hn::Mul(a2, a3);
  const V inverse = hn::Div(one, hn::Mul(a01, a23));
  const V inverse01 = hn::Mul(inverse, a23);
  const V inverse23 = hn::Mul(inverse, a01);
  const V i0 = hn::Mul(inverse01, a1);
  const V i1 = hn::Mul(inverse01, a0);
  const V i2 = hn::Mul(inverse23, a3);
  const V i3 = hn::Mul(inverse23, a2);
  if (is_saturated(hn::Min(hn::Min(e0, e1), hn::Min(e2, e3)))) {
    finish_output<kLoss, true>(part, at, e0, i0, saturated(e0, i0, weight), loss);
    finish_output<kLoss, true>(part, at + kLanes, e1, i1, saturated(e1, i1, weight), loss);
    finish_output<kLoss, true>(part, at + 2 * kLanes, e2, i2, saturated(e2, i2, weight), loss);
    finish_output<kLoss, true>(part, at + 3 * kLanes, e3, i3, saturated(e3, i3, weight), loss);
    return;
  }
  finish_output<kLoss, kWeighted>(part, at, e0, i0, weight, loss);
  finish_output<kLoss, kWeighted>(part, at + kLanes, e1, i1, weight, loss);
  finish_output<kLoss, kWeighted>(part, at + 2 * kLanes, e2, i2, weight, loss);
  finish_output<kLoss, kWeighted>(part, at + 3 * kLanes, e3, i3, weight, loss);
}

template <bool kLoss, bool kWeighted>
PartLoss output_part(const OutputPart& asked, V weight) {
  const D d;
  const OutputPart part = asked;  // where no store of floats can reach it
  const V one = hn::Set(d, 1.0F);
  const std::size_t values = part.count * kLanes;
  PartLoss loss;
  std::size_t i = 0;
  for (; i + 4 * kLanes <= values; i += 4 * kLanes) {
    output_4<kLoss, kWeighted>(part, i, weight, loss);
  }
  for (; i < values; i += kLanes) {
    const V e = hn::Load(d, part.exponentials + i);
    const V inverse = hn::Div(one, hn::Add(one, e));
    finish_output<kLoss, true>(part, i, e, inverse,
                               is_saturated(e) ? saturated(e, inverse, weight) : weight, loss);
  }
  return loss;
}

/// The exponentials are made in a loop of their own: in one with what follows, a processor could not hold
/// enough waiting operations at once to be busy all the time.
template <std::size_t... k>
HWY_INLINE void store_exponentials(const float* logits, float* out, std::index_sequence<k...>) {
  const D d;
  const V x[] = {hn::Load(d, logits + k * kLanes)...};
  V e[sizeof...(k)];
  exp_minus_abs(x, e);
  (hn::Store(e[k], d, out + k * kLanes), ...);
}

void store_exponentials(const float* logits, std::size_t count, float* out) {
  constexpr std::size_t kTogether = kAccumulators > 12 ? 8 : 4;  // as many as the registers hold
  std::size_t i = 0;
  for (; i + kTogether <= count; i += kTogether) {
    store_exponentials(logits + i * kLanes, out + i * kLanes,
                       std::make_index_sequence<kTogether>());
  }
  for (; i < count; ++i) {
    store_exponentials(logits + i * kLanes, out + i * kLanes, std::make_index_sequence<1>());
  }
}

void output(const OutputCall& call) {
  static constexpr std::array kParts{&output_part<false, false>, &output_part<false, true>,
                                     &output_part<true, false>, &output_part<true, true>};
  const D d;
  const bool loss = call.bce != nullptr;
  const bool weighted = call.weight != nullptr;
  const auto function = kParts[(loss ? 2U : 0U) + (weighted ? 1U : 0U)];
  const V weight = weighted ? hn::Load(d, call.weight) : hn::Set(d, 1.0F);
  HWY_ALIGN float exponentials[kPart * kLanes];
  LaneSums sums(call.bce);
  OutputPart part;
  part.exponentials = exponentials;
  for (std::size_t begin = 0; begin < call.count; begin += kPart) {
    const std::size_t first = begin * kLanes;
    part.count = std::min(kPart, call.count - begin);
    part.logits = call.logits + first;
    part.images = call.images + first;
    part.reconstruction = call.reconstruction == nullptr ? nullptr : call.reconstruction + first;
    part.gradient = call.gradient == nullptr ? nullptr : call.gradient + first;
    store_exponentials(part.logits, part.count, exponentials);
    const PartLoss part_loss = function(part, weight);
    if (loss) {
      sums.add(hn::Add(part_loss.linear, hn::Log(d, part_loss.product)));
    }
  }
}

void square(const SquareCall& call) {
  const D d;
  const V one = hn::Set(d, 1.0F);
  const V weight = hn::Load(d, call.weight);
  const V twice_weight = hn::Add(weight, weight);
  std::fill_n(call.squares, kLanes, 0.0);
  LaneSums sums(call.squares);
  for (std::size_t begin = 0; begin < call.count; begin += kPart) {
    const std::size_t end = std::min(begin + kPart, call.count) * kLanes;
    V sum = hn::Zero(d);
    for (std::size_t i = begin * kLanes; i < end; i += kLanes) {
      const V x = hn::Load(d, call.reconstruction + i);
      const V error = hn::Sub(x, hn::Load(d, call.images + i));
      sum = hn::MulAdd(error, error, sum);
      const V rest = hn::Sub(one, x);
      const V slope = hn::Mul(x, rest);
      const V scaled = hn::Mul(twice_weight, slope);
      if (call.gradient != nullptr) {
        hn::Store(hn::Mul(scaled, error), d, call.gradient + i);
      }
      if (call.curvature != nullptr) {
        const V inner = hn::MulAdd(error, hn::Sub(rest, x), slope);
        hn::Store(hn::Mul(scaled, inner), d, call.curvature + i);
      }
    }
    sums.add(sum);
  }
}

void kld(const KldCall& call) {
  const D d;
  std::fill_n(call.kld, kLanes, 0.0);
  LaneSums sums(call.kld);
  for (std::size_t i = 0; i < call.count; ++i) {
    const V mu = hn::Load(d, call.mu + i * kLanes);
    const V logvar = hn::Load(d, call.logvar + i * kLanes);
    const V term = hn::Sub(hn::Sub(hn::MulAdd(mu, mu, exp(logvar)), logvar), hn::Set(d, 1.0F));
    sums.add(hn::Mul(hn::Set(d, 0.5F), term));
  }
}

void kld_logvar_gradient(const float* logvar, std::size_t count, float* out) {
  const D d;
  const V half = hn::Set(d, 0.5F);
  for (std::size_t i = 0; i < count * kLanes; i += kLanes) {
    hn::Store(hn::MulSub(half, exp(hn::Load(d, logvar + i)), half), d, out + i);
  }
}

void add_squares(const float* in, std::size_t count, double* sums) {
  const D d;
  constexpr std::size_t kSquares = 256;
  HWY_ALIGN double part_sums[kLanes] = {};
  LaneSums parts(part_sums);
  for (std::size_t begin = 0; begin < count; begin += kSquares) {
    V sum = hn::Zero(d);
    for (std::size_t i = begin; i < std::min(begin + kSquares, count); ++i) {
      const V value = hn::Load(d, in + i * kLanes);
      sum = hn::MulAdd(value, value, sum);
    }
    parts.add(sum);
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    sums[lane] += part_sums[lane];
  }
}

void add_products(const float* in, const float* factors, std::size_t count, double* sums) {
  const D d;
  constexpr std::size_t kProducts = 256;
  HWY_ALIGN double part_sums[kLanes] = {};
  LaneSums parts(part_sums);
  for (std::size_t begin = 0; begin < count; begin += kProducts) {
    V sum = hn::Zero(d);
    for (std::size_t i = begin; i < std::min(begin + kProducts, count); ++i) {
      sum = hn::MulAdd(hn::Load(d, in + i * kLanes), hn::Set(d, factors[i]), sum);
    }
    parts.add(sum);
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    sums[lane] += part_sums[lane];
  }
}

void multiply(const float* in, std::size_t count, float* out) {
  const D d;
  for (std::size_t i = 0; i < count * kLanes; i += kLanes) {
    hn::Store(hn::Mul(hn::Load(d, out + i), hn::Load(d, in + i)), d, out + i);
  }
}

void add(const float* in, std::size_t count, float* out) {
  const D d;
  for (std::size_t i = 0; i < count * kLanes; i += kLanes) {
    hn::Store(hn::Add(hn::Load(d, out + i), hn::Load(d, in + i)), d, out + i);
  }
}

void sample(const float* mu, const float* logvar, const float* noise, std::size_t count,
            float* deviation, float* z) {
  const D d;
  for (std::size_t i = 0; i < count * kLanes; i += kLanes) {
    const V sigma = exp(hn::Mul(hn::Set(d, 0.5F), hn::Load(d, logvar + i)));
    hn::Store(sigma, d, deviation + i);
    hn::Store(hn::MulAdd(sigma, hn::Load(d, noise + i), hn::Load(d, mu + i)), d, z + i);
  }
}

void sample_gradient(const Kernels::SampleGradient& call) {
  const D d;
  const V half = hn::Set(d, 0.5F);
  const V weight = hn::Load(d, call.weight);
  for (std::size_t i = 0; i < call.count * kLanes; i += kLanes) {
    const V dz = hn::Load(d, call.z_gradient + i);
    const V sigma = hn::Load(d, call.deviation + i);
    hn::Store(hn::MulAdd(weight, hn::Load(d, call.mu + i), dz), d, call.mu_gradient + i);
    const V by_sample = hn::Mul(hn::Mul(dz, hn::Load(d, call.noise + i)), sigma);
    const V by_kld = hn::Mul(weight, hn::MulSub(sigma, sigma, hn::Set(d, 1.0F)));
    hn::Store(hn::Mul(half, hn::Add(by_sample, by_kld)), d, call.logvar_gradient + i);
  }
}

void add_channel_sums(const float* in, std::size_t channels, std::size_t plane, float* out) {
  const D d;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    V sum = hn::Load(d, out + channel * kLanes);
    for (std::size_t i = 0; i < plane; ++i) {
      sum = hn::Add(sum, hn::Load(d, in + (channel * plane + i) * kLanes));
    }
    hn::Store(sum, d, out + channel * kLanes);
  }
}

#if HWY_TARGET == HWY_SCALAR

void sum_lanes(const float* in, std::size_t count, float* out) {
  std::copy_n(in, count, out);
}

#else

/// The sum of a vector's blocks of four.
template <class VAny>
HWY_INLINE hn::Vec<DBlock> sum_of_blocks(VAny v) {
  if constexpr (hn::MaxLanes(hn::DFromV<VAny>()) == 4) {
    return v;
  } else {
    const hn::Half<hn::DFromV<VAny>> half;
    return sum_of_blocks(hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

void sum_lanes(const float* in, std::size_t count, float* out) {
  const D d;
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    V v0 = hn::Load(d, in + i * kLanes);
    V v1 = hn::Load(d, in + (i + 1) * kLanes);
    V v2 = hn::Load(d, in + (i + 2) * kLanes);
    V v3 = hn::Load(d, in + (i + 3) * kLanes);
    transpose_blocks(d, v0, v1, v2, v3);
    const V sums = hn::Add(hn::Add(v0, v1), hn::Add(v2, v3));
    hn::StoreU(sum_of_blocks(sums), DBlock(), out + i);
  }
  for (; i < count; ++i) {
    out[i] = hn::GetLane(hn::SumOfLanes(d, hn::Load(d, in + i * kLanes)));
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

void exp_values(const float* in, std::size_t count, float* out) {
  const D d;
  for (std::size_t i = 0; i < count * kLanes; i += kLanes) {
    hn::Store(exp(hn::Load(d, in + i)), d, out + i);
  }
}

}  // namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_LOSS_INL_H
