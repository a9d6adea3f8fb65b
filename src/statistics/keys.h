// Features of the quality scores as integers that sort as the features do.
//
// Both scores compare ranks alone, so a feature never needs to be a number again: its float32 bits
// order it. What is under the threshold is 0 and becomes key 0; the others begin at 1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/uninitialised.h"

namespace gradspace::quality {

/// An image's features as keys: millions, filled by several threads.
using FeatureKeys = UninitialisedVector<std::uint32_t>;

/// Features under it count as 0 (both papers).
inline constexpr float kFeatureThreshold = 0.025F;

/// Every key is under it, for features up to 256; none is over 177.
inline constexpr std::uint32_t kKeyLimit = 27U << 22;

/// The same for features up to 1: those of the activation score.
inline constexpr std::uint32_t kActivationKeyLimit = 11U << 22;

/// The activation score's features, rows x columns: keys of sigmoid(sums + bias).
void activation_keys(std::size_t rows, std::size_t columns, const float* sums, const float* bias,
                     std::uint32_t* keys);

/// h = sigmoid(h + bias) in place, rows x columns. Relative error of the sigmoid at most 6e-7.
void activate(std::size_t rows, std::size_t columns, const float* bias, float* sums);

/// e = (e + bias) - x in place, rows x columns.
void reconstruction_error(std::size_t rows, std::size_t columns, const float* bias, const float* x,
                          float* e);

/// The gradient score's features of y, rows x columns: with l = log(y / (1 - y)) in complex numbers a
/// row becomes the keys of w |l|, then those of w arg(l), `columns` each. `weights` are 1 or 2.
void gradient_keys(std::size_t rows, std::size_t columns, const float* y, const float* weights,
                   std::uint32_t* keys);

/// |l| and arg(l) as numbers, for tests: absolute error at most 4e-7 plus 4e-7 of the value. Where y
/// or 1 - y is 0, or under float32's smallest normal number, l is about 88 in size instead.
void complex_logit(std::size_t count, const float* y, float* modulus, float* argument);

}  // namespace gradspace::quality
