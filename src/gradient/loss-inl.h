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
#include <cstddef>

#include "gradient/kernels.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::HWY_NAMESPACE {

/// PyTorch clamps log(x') and log(1 - x') at -100 and, in the gradient, x'(1 - x') at 1e-12.
inline constexpr float kLogClamp = 100.0F;
inline constexpr float kInverseVarianceClamp = 1e12F;

/// Long sums: floats for a while, then doubles.
class LaneSums {
 public:
  explicit LaneSums(double* sums) : sums_(sums) { std::fill_n(sums, kLanes, 0.0); }

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

/// The output is done in parts of so many vectors, in one loop a step, so that many short chains of
/// operations are under way at once. Besides, a product of so many factors within (1, 2] is finite.
inline constexpr std::size_t kPart = 64;

/// Some vectors of an output.
struct OutputPart {
  std::size_t count = 0;
  const float* logits = nullptr;
  const float* images = nullptr;
  const float* exponentials = nullptr;  ///< exp(-|logit|)
  float* reconstruction = nullptr;      ///< null: not wanted
  float* gradient = nullptr;            ///< null: not wanted
};

/// Stores what is wanted of the vector at `at`.
HWY_INLINE void finish_output(const OutputPart& part, std::size_t at, V e, V inverse) {
  const D d;
  const V value = logistic(hn::Load(d, part.logits + at), e, inverse);
  const V image = hn::Load(d, part.images + at);
  if (part.reconstruction != nullptr) {
    hn::Store(value, d, part.reconstruction + at);
  }
  if (part.gradient != nullptr) {
    hn::Store(hn::Sub(value, image), d, part.gradient + at);
  }
}

/// Four divisions for the price of one: 1 / a, ..., 1 / d come out of 1 / (abcd), which is safe since
/// each factor is within (1, 2].
HWY_INLINE void output_4(const OutputPart& part, std::size_t at) {
  const D d;
  const V one = hn::Set(d, 1.0F);
  const float* e = part.exponentials + at;
  const V e0 = hn::Load(d, e);
  const V e1 = hn::Load(d, e + kLanes);
  const V e2 = hn::Load(d, e + 2 * kLanes);
  const V e3 = hn::Load(d, e + 3 * kLanes);
  const V a0 = hn::Add(one, e0);
  const V a1 = hn::Add(one, e1);
  const V a2 = hn::Add(one, e2);
  const V a3 = hn::Add(one, e3);
  const V a01 = hn::Mul(a0, a1);
  const V a23 = hn::Mul(a2, a3);
  const V inverse = hn::Div(one, hn::Mul(a01, a23));
  const V inverse01 = hn::Mul(inverse, a23);
  const V inverse23 = hn::Mul(inverse, a01);
  finish_output(part, at, e0, hn::Mul(inverse01, a1));
  finish_output(part, at + kLanes, e1, hn::Mul(inverse01, a0));
  finish_output(part, at + 2 * kLanes, e2, hn::Mul(inverse23, a3));
  finish_output(part, at + 3 * kLanes, e3, hn::Mul(inverse23, a2));
}

/// Reconstruction and gradient x' - x. Images and reconstruction may be one array.
HWY_INLINE void output_part(const OutputPart& part) {
  const D d;
  const V one = hn::Set(d, 1.0F);
  const std::size_t values = part.count * kLanes;
  std::size_t i = 0;
  for (; i + 4 * kLanes <= values; i += 4 * kLanes) {
    output_4(part, i);
  }
  for (; i < values; i += kLanes) {
    const V e = hn::Load(d, part.exponentials + i);
    finish_output(part, i, e, hn::Div(one, hn::Add(one, e)));
  }
}

/// The loss: log x' = -softplus(-l) and log(1 - x') = -softplus(l) are taken from the logits, where no
/// difference of nearly equal numbers is formed. softplus(l) = max(l, 0) + log(1 + exp(-|l|)); of
/// the second parts one logarithm of their product is taken.
V bce_part(const OutputPart& part) {
  const D d;
  const V clamp = hn::Set(d, kLogClamp);
  V linear = hn::Zero(d);
  V product = hn::Set(d, 1.0F);
  for (std::size_t i = 0; i < part.count * kLanes; i += kLanes) {
    const V l = hn::Min(hn::Max(hn::Load(d, part.logits + i), hn::Neg(clamp)), clamp);
    const V x = hn::Load(d, part.images + i);
    linear = hn::Add(linear, hn::NegMulAdd(l, x, hn::Max(l, hn::Zero(d))));
    product = hn::MulAdd(product, hn::Load(d, part.exponentials + i), product);
  }
  return hn::Add(linear, hn::Log(d, product));
}

/// Multiplies by min(1, x'(1 - x') / 1e-12), with x'(1 - x') = e / (1 + e)^2.
void saturate_gradient(const OutputPart& part) {
  const D d;
  const V one = hn::Set(d, 1.0F);
  for (std::size_t i = 0; i < part.count * kLanes; i += kLanes) {
    const V e = hn::Load(d, part.exponentials + i);
    const V inverse = hn::Div(one, hn::Add(one, e));
    const V variance = hn::Mul(hn::Mul(e, inverse), inverse);
    const V factor = hn::Min(hn::Mul(variance, hn::Set(d, kInverseVarianceClamp)), one);
    hn::Store(hn::Mul(hn::Load(d, part.gradient + i), factor), d, part.gradient + i);
  }
}

void scale_gradient(const OutputPart& part, const float* weights) {
  const D d;
  const V weight = hn::Load(d, weights);
  for (std::size_t i = 0; i < part.count * kLanes; i += kLanes) {
    hn::Store(hn::Mul(hn::Load(d, part.gradient + i), weight), d, part.gradient + i);
  }
}

void output(const OutputCall& call) {
  const D d;
  HWY_ALIGN float exponentials[kPart * kLanes];
  HWY_ALIGN double unused[kLanes];
  LaneSums sums(call.bce != nullptr ? call.bce : unused);
  OutputPart part;
  part.exponentials = exponentials;
  for (std::size_t begin = 0; begin < call.count; begin += kPart) {
    const std::size_t first = begin * kLanes;
    part.count = std::min(kPart, call.count - begin);
    part.logits = call.logits + first;
    part.images = call.images + first;
    part.reconstruction = call.reconstruction == nullptr ? nullptr : call.reconstruction + first;
    part.gradient = call.gradient == nullptr ? nullptr : call.gradient + first;
    V least = hn::Set(d, 1.0F);
    for (std::size_t i = 0; i < part.count * kLanes; i += kLanes) {
      const V e = exp_minus_abs(hn::Load(d, part.logits + i));
      least = hn::Min(least, e);
      hn::Store(e, d, exponentials + i);
    }
    if (call.bce != nullptr) {
      sums.add(bce_part(part));
    }
    if (part.reconstruction != nullptr || part.gradient != nullptr) {
      output_part(part);
    }
    if (part.gradient != nullptr) {
      // x'(1 - x') < 1e-12 wants exp(-|l|) < 1.0001e-12: rare.
      if (!hn::AllTrue(d, hn::Gt(least, hn::Set(d, 1.1e-12F)))) {
        saturate_gradient(part);
      }
      if (call.weight != nullptr) {
        scale_gradient(part, call.weight);
      }
    }
  }
}

void square(const SquareCall& call) {
  const D d;
  const V one = hn::Set(d, 1.0F);
  const V weight = hn::Load(d, call.weight);
  const V twice_weight = hn::Add(weight, weight);
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
  HWY_ALIGN double part_sums[kLanes];
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
  HWY_ALIGN double part_sums[kLanes];
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

void sum_lanes(const float* in, std::size_t count, float* out) {
  const D d;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = hn::GetLane(hn::SumOfLanes(d, hn::Load(d, in + i * kLanes)));
  }
}

void exp_values(const float* in, std::size_t count, float* out) {
  const D d;
  for (std::size_t i = 0; i < count * kLanes; i += kLanes) {
    hn::Store(exp(hn::Load(d, in + i)), d, out + i);
  }
}

}  // namespace gradspace::gradient::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_LOSS_INL_H
