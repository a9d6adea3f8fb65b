#include "gradspace/bd_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/named_entries.h"
#include "gradspace/error.h"
#include "statistics/cubic_curves.h"

namespace gradspace {
namespace {

constexpr std::array<std::pair<std::string_view, RateInterpolation>, 2> kInterpolations{
    {{"pchip", RateInterpolation::kPchip}, {"cubic", RateInterpolation::kCubic}}};

constexpr auto kInterpolationWord = [](const auto& entry) { return entry.first; };

/// Why these points make no curve, whatever their order; else empty.
std::string refusal_of_points(std::span<const RatePoint> points, std::string_view which,
                              RateInterpolation interpolation) {
  if (points.size() < least_points(interpolation)) {
    return fmt::format("{} has {} of the {} points that {} needs", which, points.size(),
                       least_points(interpolation), name(interpolation));
  }
  for (const RatePoint& point : points) {
    if (!std::isfinite(point.rate) || point.rate <= 0) {
      return fmt::format("{} has a point whose rate is {}", which, point.rate);
    }
    if (!std::isfinite(point.quality)) {
      return fmt::format("{} has a point whose quality is not finite", which);
    }
  }
  return {};
}

/// Finite points by rising rate, with scores of which larger is better.
std::vector<RatePoint> in_order(std::span<const RatePoint> points, bool larger_is_better) {
  std::vector<RatePoint> sorted(points.begin(), points.end());
  for (RatePoint& point : sorted) {
    point.quality = larger_is_better ? point.quality : -point.quality;
  }
  std::ranges::sort(sorted, {},
                    [](const RatePoint& point) { return std::pair(point.rate, point.quality); });
  return sorted;
}

/// Why a curve whose points are in order does not rise; else empty.
std::string refusal_of_order(std::span<const RatePoint> points, std::string_view which) {
  for (std::size_t i = 1; i < points.size(); ++i) {
    const RatePoint& before = points[i - 1];
    const RatePoint& after = points[i];
    if (before.rate == after.rate || before.quality >= after.quality) {
      return fmt::format("the quality of {} does not get better from rate {:.4g} to {:.4g}", which,
                         before.rate, after.rate);
    }
  }
  return {};
}

using Axis = double (*)(const RatePoint&);

double quality_of(const RatePoint& point) {
  return point.quality;
}

double log_rate_of(const RatePoint& point) {
  return std::log(point.rate);
}

std::vector<double> along(std::span<const RatePoint> points, Axis axis) {
  std::vector<double> values(points.size());
  std::ranges::transform(points, values.begin(), axis);
  return values;
}

/// The mean difference, tested minus anchor, of `y` over the range of `x` that both have; nothing where they share
/// none. `x` rises along both.
std::optional<double> mean_difference(std::span<const RatePoint> anchor,
                                      std::span<const RatePoint> tested, Axis x, Axis y,
                                      RateInterpolation interpolation) {
  const double low = std::max(x(anchor.front()), x(tested.front()));
  const double high = std::min(x(anchor.back()), x(tested.back()));
  if (low >= high) {
    return std::nullopt;
  }
  const auto area = [&](std::span<const RatePoint> points) {
    const std::vector<double> xs = along(points, x);
    const std::vector<double> ys = along(points, y);
    return interpolation == RateInterpolation::kPchip ? pchip_integral(xs, ys, low, high)
                                                      : cubic_fit_integral(xs, ys, low, high);
  };
  return (area(tested) - area(anchor)) / (high - low);
}

}  // namespace

RateInterpolation parse_rate_interpolation(std::string_view text) {
  return find_named(kInterpolations, text, "interpolation", kInterpolationWord).second;
}

std::string_view name(RateInterpolation interpolation) {
  return kInterpolations.at(static_cast<std::size_t>(interpolation)).first;
}

std::size_t least_points(RateInterpolation interpolation) {
  return interpolation == RateInterpolation::kPchip ? 2 : 4;
}

RateComparison compare_rates(std::span<const RatePoint> anchor, std::span<const RatePoint> tested,
                             bool larger_is_better, RateInterpolation interpolation) {
  constexpr std::string_view kAnchor = "the anchor";
  constexpr std::string_view kTested = "the tested curve";
  RateComparison result;
  for (const auto& [points, which] : {std::pair(anchor, kAnchor), std::pair(tested, kTested)}) {
    if (result.refusal.empty()) {
      result.refusal = refusal_of_points(points, which, interpolation);
    }
  }
  if (!result.refusal.empty()) {
    return result;
  }
  const std::vector<RatePoint> ours = in_order(anchor, larger_is_better);
  const std::vector<RatePoint> theirs = in_order(tested, larger_is_better);
  result.refusal = refusal_of_order(ours, kAnchor);
  if (result.refusal.empty()) {
    result.refusal = refusal_of_order(theirs, kTested);
  }
  if (!result.refusal.empty()) {
    return result;
  }
  const auto difference = mean_difference(ours, theirs, quality_of, log_rate_of, interpolation);
  if (!difference) {
    result.refusal = "the two curves have no range of quality in common";
    return result;
  }
  const double low = std::max(ours.front().quality, theirs.front().quality);
  const double high = std::min(ours.back().quality, theirs.back().quality);
  result.lowest_quality = larger_is_better ? low : -high;
  result.highest_quality = larger_is_better ? high : -low;
  result.bd_rate = 100 * std::expm1(*difference);
  result.bd_quality = mean_difference(ours, theirs, log_rate_of, quality_of, interpolation);
  if (result.bd_quality && !larger_is_better) {
    result.bd_quality = -*result.bd_quality;
  }
  return result;
}

}  // namespace gradspace
