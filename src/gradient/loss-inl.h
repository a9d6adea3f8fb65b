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
#include "gradient/math-inl.h"

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

/// The loss of a few vectors: log x' = -softplus(-l) and log(1 - x') = -softplus(l) are taken from the
/// logits, where no difference of nearly equal numbers is formed. softplus(l) = max(l, 0) +
/// log(1 + exp(-|l|)); of the second parts one logarithm of their product is taken.
struct BcePart {
  V linear;
  V product;
};

HWY_INLINE void add_bce(V l, V x, const Logistic& logistic, BcePart& part) {
  const D d;
  const V clamped = hn::Min(hn::Max(l, hn::Set(d, -kLogClamp)), hn::Set(d, kLogClamp));
  part.linear = hn::Add(part.linear, hn::NegMulAdd(clamped, x, hn::Max(clamped, hn::Zero(d))));
  part.product = hn::Mul(part.product, logistic.one_plus);
}

/// (x' - x) min(1, x'(1 - x') / 1e-12), with x'(1 - x') = e / (1 + e)^2, e = exp(-|l|).
HWY_INLINE V saturating_gradient(V x, const Logistic& logistic) {
  const D d;
  const V inverse = hn::Div(hn::Set(d, 1.0F), logistic.one_plus);
  const V variance = hn::Mul(hn::Mul(logistic.exp_abs, inverse), inverse);
  const V factor = hn::Min(hn::Mul(variance, hn::Set(d, kInverseVarianceClamp)), hn::Set(d, 1.0F));
  return hn::Mul(hn::Sub(logistic.value, x), factor);
}

/// Four vectors at `at`.
HWY_INLINE void output_4(const OutputCall& call, std::size_t at, BcePart& part) {
  const D d;
  const float* logits = call.logits + at * kLanes;
  const float* images = call.images + at * kLanes;
  const V l0 = hn::Load(d, logits);
  const V l1 = hn::Load(d, logits + kLanes);
  const V l2 = hn::Load(d, logits + 2 * kLanes);
  const V l3 = hn::Load(d, logits + 3 * kLanes);
  Logistic out[4];
  logistic(l0, l1, l2, l3, out);
  if (call.reconstruction != nullptr) {
    float* reconstruction = call.reconstruction + at * kLanes;
    hn::Store(out[0].value, d, reconstruction);
    hn::Store(out[1].value, d, reconstruction + kLanes);
    hn::Store(out[2].value, d, reconstruction + 2 * kLanes);
    hn::Store(out[3].value, d, reconstruction + 3 * kLanes);
  }
  const V x0 = hn::Load(d, images);
  const V x1 = hn::Load(d, images + kLanes);
  const V x2 = hn::Load(d, images + 2 * kLanes);
  const V x3 = hn::Load(d, images + 3 * kLanes);
  if (call.bce != nullptr) {
    add_bce(l0, x0, out[0], part);
    add_bce(l1, x1, out[1], part);
    add_bce(l2, x2, out[2], part);
    add_bce(l3, x3, out[3], part);
  }
  if (call.gradient != nullptr) {
    float* gradient = call.gradient + at * kLanes;
    const V weight = hn::Load(d, call.weight);
    V g0 = hn::Sub(out[0].value, x0);
    V g1 = hn::Sub(out[1].value, x1);
    V g2 = hn::Sub(out[2].value, x2);
    V g3 = hn::Sub(out[3].value, x3);
    const V least =
        hn::Min(hn::Min(out[0].exp_abs, out[1].exp_abs), hn::Min(out[2].exp_abs, out[3].exp_abs));
    // x'(1 - x') < 1e-12 needs exp(-|l|) < 1.0001e-12: rare.
    if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Gt(least, hn::Set(d, 1.1e-12F))))) {
      g0 = saturating_gradient(x0, out[0]);
      g1 = saturating_gradient(x1, out[1]);
      g2 = saturating_gradient(x2, out[2]);
      g3 = saturating_gradient(x3, out[3]);
    }
    hn::Store(hn::Mul(g0, weight), d, gradient);
    hn::Store(hn::Mul(g1, weight), d, gradient + kLanes);
    hn::Store(hn::Mul(g2, weight), d, gradient + 2 * kLanes);
    hn::Store(hn::Mul(g3, weight), d, gradient + 3 * kLanes);
  }
}

/// The last one to three vectors, by way of a copy filled up with x = 1 reconstructed surely, which
/// adds nothing to the loss.
HWY_INLINE void output_rest(const OutputCall& call, std::size_t at, BcePart& part) {
  HWY_ALIGN float logits[4 * kLanes];
  HWY_ALIGN float images[4 * kLanes];
  HWY_ALIGN float reconstruction[4 * kLanes];
  HWY_ALIGN float gradient[4 * kLanes];
  const std::size_t values = (call.count - at) * kLanes;
  std::fill_n(logits, 4 * kLanes, kLogClamp);
  std::fill_n(images, 4 * kLanes, 1.0F);
  std::copy_n(call.logits + at * kLanes, values, logits);
  std::copy_n(call.images + at * kLanes, values, images);
  OutputCall rest = call;
  rest.logits = logits;
  rest.images = images;
  rest.reconstruction = call.reconstruction == nullptr ? nullptr : reconstruction;
  rest.gradient = call.gradient == nullptr ? nullptr : gradient;
  output_4(rest, 0, part);
  if (call.reconstruction != nullptr) {
    std::copy_n(reconstruction, values, call.reconstruction + at * kLanes);
  }
  if (call.gradient != nullptr) {
    std::copy_n(gradient, values, call.gradient + at * kLanes);
  }
}

void output(const OutputCall& call) {
  const D d;
  // Of factors within (1, 2], so that a product stays below 2^64.
  constexpr std::size_t kPart = 64;
  HWY_ALIGN double unused[kLanes];
  LaneSums sums(call.bce != nullptr ? call.bce : unused);
  for (std::size_t begin = 0; begin < call.count; begin += kPart) {
    const std::size_t end = std::min(begin + kPart, call.count);
    BcePart part{hn::Zero(d), hn::Set(d, 1.0F)};
    std::size_t at = begin;
    for (; at + 4 <= end; at += 4) {
      output_4(call, at, part);
    }
    if (at < end) {
      output_rest(call, at, part);
    }
    if (call.bce != nullptr) {
      sums.add(hn::Add(part.linear, hn::Log(d, part.product)));
    }
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
  constexpr std::size_t kPart = 256;
  HWY_ALIGN double part_sums[kLanes];
  LaneSums parts(part_sums);
  for (std::size_t begin = 0; begin < count; begin += kPart) {
    V sum = hn::Zero(d);
    for (std::size_t i = begin; i < std::min(begin + kPart, count); ++i) {
      const V value = hn::Load(d, in + i * kLanes);
      sum = hn::MulAdd(value, value, sum);
    }
    parts.add(sum);
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    sums[lane] += part_sums[lane];
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
