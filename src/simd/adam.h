// One step of Adam (Kingma and Ba 2015), as PyTorch writes it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gradspace::gradient {

class AdamStep {
 public:
  /// `step`: from 1.
  AdamStep(double learning_rate, std::int64_t step)
      : step_size_(
            static_cast<float>(learning_rate / (1 - std::pow(kBeta1, static_cast<double>(step))))),
        correction_(
            static_cast<float>(std::sqrt(1 - std::pow(kBeta2, static_cast<double>(step))))) {}

  /// All of one length.
  void apply(std::span<const float> gradient, std::span<float> first_moment,
             std::span<float> second_moment, std::span<float> value) const {
    constexpr auto kKeep1 = static_cast<float>(kBeta1);
    constexpr auto kTake1 = static_cast<float>(1 - kBeta1);
    constexpr auto kKeep2 = static_cast<float>(kBeta2);
    constexpr auto kTake2 = static_cast<float>(1 - kBeta2);
    float* const m = first_moment.data();
    float* const v = second_moment.data();
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      m[i] = kKeep1 * m[i] + kTake1 * gradient[i];
      v[i] = kKeep2 * v[i] + kTake2 * gradient[i] * gradient[i];
      value[i] -=
          step_size_ * (m[i] / (std::sqrt(v[i]) / correction_ + static_cast<float>(kEpsilon)));
    }
  }

 private:
  static constexpr double kBeta1 = 0.9;
  static constexpr double kBeta2 = 0.999;
  static constexpr double kEpsilon = 1e-8;

  float step_size_;
  float correction_;
};

}  // namespace gradspace::gradient
