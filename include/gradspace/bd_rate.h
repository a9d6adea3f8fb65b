// How much less a codec spends for the same quality: the Bjontegaard delta of two rate-distortion curves
// (G. Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001).
//
// A curve is a set of points, one a setting of the codec: what an image or a set of them takes, and how good it is.
// Logarithms of rates are interpolated over quality, and the mean difference of the two interpolations over the
// range of qualities that both curves reach is turned back into a ratio. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"

namespace gradspace {

struct RatePoint {
  double rate = 0;     ///< over 0, in any unit that both curves share: bits a pixel, bytes
  double quality = 0;  ///< a metric's score

  friend bool operator==(const RatePoint&, const RatePoint&) = default;
};

/// How a curve goes between its points.
enum class RateInterpolation {
  /// Piecewise cubic Hermite interpolation that keeps monotone data monotone (Fritsch and Butland 1984, with
  /// three-point formulas at the ends), as later JCT-VC and JVET practice has it; from 2 points on.
  kPchip,
  /// One polynomial of degree 3 through all points, by least squares where there are over 4, as in VCEG-M33; from 4
  /// points on.
  kCubic,
};

/// "pchip" or "cubic"; throws InvalidArgument that lists them.
GRADSPACE_API RateInterpolation parse_rate_interpolation(std::string_view text);
GRADSPACE_API std::string_view name(RateInterpolation interpolation);

/// The fewest points that a curve must have.
GRADSPACE_API std::size_t least_points(RateInterpolation interpolation);

struct RateComparison {
  /// How much more the tested curve spends for the same quality, in per cent: -20 = a fifth less. Empty where it
  /// can't be told.
  std::optional<double> bd_rate;
  /// How much more quality it gives for the same rate, in units of quality: over 0 where it is larger, which is worse
  /// for scores of which smaller is better. Empty where `bd_rate` is, or where the curves share no rate.
  std::optional<double> bd_quality;
  double lowest_quality = 0;   ///< the range of qualities that `bd_rate` is of
  double highest_quality = 0;  ///< at least `lowest_quality`
  std::string refusal = {};    ///< why there is no `bd_rate`, in one line; else empty
};

/// Compares two curves, whose points may come in any order. A curve must rise: where its quality does not get better
/// with each larger rate, or has a point twice, the comparison is refused, as it is for too few points, a rate that is
/// not over 0, a value that is not finite, or curves that share no range of quality.
GRADSPACE_API RateComparison compare_rates(
    std::span<const RatePoint> anchor, std::span<const RatePoint> tested,
    bool larger_is_better = true, RateInterpolation interpolation = RateInterpolation::kPchip);

}  // namespace gradspace
