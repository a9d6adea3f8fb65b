#include "gradspace/quality_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>

#include "gradspace/error.h"
#include "gradspace/quality.h"

namespace gradspace {
namespace {

/// Scores of a metric by quality of JPEG.
struct JpegScale {
  std::string_view metric;
  std::array<double, 16> scores;
};

#include "quality/jpeg_scale_table.inc"

/// A grade, and the least quality of JPEG that has it.
struct GradeBand {
  Impairment impairment;
  std::string_view name;
  double least_quality;
};

constexpr std::array kGradeBands{
    GradeBand{Impairment::kImperceptible, "imperceptible", 85},
    GradeBand{Impairment::kJustNoticeable, "just noticeable", 70},
    GradeBand{Impairment::kPerceptible, "perceptible", 35},
    GradeBand{Impairment::kSlightlyAnnoying, "slightly annoying", 20},
    GradeBand{Impairment::kAnnoying, "annoying", 14},
    GradeBand{Impairment::kVeryAnnoying, "very annoying", 0},
};

Impairment impairment_of(double jpeg_quality) {
  return std::ranges::find_if(
             kGradeBands, [=](const GradeBand& band) { return jpeg_quality >= band.least_quality; })
      ->impairment;
}

}  // namespace

std::string_view impairment_name(Impairment impairment) {
  return std::ranges::find(kGradeBands, impairment, &GradeBand::impairment)->name;
}

std::optional<QualityEquivalent> quality_equivalent(std::string_view metric, double score) {
  const QualityMetricInfo& info = quality_metric_info(metric);
  if (std::isnan(score)) {
    throw InvalidArgument(
        fmt::format("a score of {} that is not a number has no equivalent", metric));
  }
  const auto found = std::ranges::find(kJpegScales, metric, &JpegScale::metric);
  if (found == kJpegScales.end()) {
    return std::nullopt;
  }
  std::array<double, 16> scale = found->scores;
  if (!info.larger_is_better) {
    score = -score;
    std::ranges::transform(scale, scale.begin(), std::negate<>());
  }
  QualityEquivalent equivalent;
  equivalent.worse = score < scale.front();
  equivalent.better = score > scale.back();
  // Of qualities that share one score, the best.
  const auto above =
      static_cast<std::size_t>(std::ranges::upper_bound(scale, score) - scale.begin());
  if (above == 0 || above == scale.size()) {
    equivalent.jpeg_quality = above == 0 ? kQualities.front() : kQualities.back();
  } else {
    const double part = (score - scale[above - 1]) / (scale[above] - scale[above - 1]);
    equivalent.jpeg_quality = std::lerp(kQualities[above - 1], kQualities[above], part);
  }
  equivalent.impairment = impairment_of(equivalent.worse ? 0 : equivalent.jpeg_quality);
  return equivalent;
}

bool has_quality_scale(std::string_view metric, bool of_shipped_decoder) {
  return of_shipped_decoder || !quality_metric_info(metric).uses_decoder;
}

std::string jpeg_quality_text(const QualityEquivalent& equivalent) {
  if (equivalent.worse || equivalent.better) {
    return fmt::format("{} than JPEG q{}", equivalent.worse ? "worse" : "better",
                       equivalent.jpeg_quality);
  }
  // Rounded up, a quality just below the beginning of a better grade would be printed as that beginning.
  const double rounded = std::round(equivalent.jpeg_quality);
  const bool same_grade = impairment_of(rounded) == impairment_of(equivalent.jpeg_quality);
  return fmt::format("as JPEG q{:.0f}", same_grade ? rounded : std::floor(equivalent.jpeg_quality));
}

std::string equivalent_text(const QualityEquivalent& equivalent) {
  return fmt::format("{}, {}", jpeg_quality_text(equivalent),
                     impairment_name(equivalent.impairment));
}

}  // namespace gradspace
