// How well a metric agrees with people: rank correlations, and correlation and error after the
// five-parameter logistic fit (Sheikh, Sabir, Bovik, IEEE TIP 2006).
//
// Scores are a metric's, opinions the mean opinions of people; element i of each belongs to image i.
// A correlation is missing (nullopt) where it is undefined, which is where all scores or all opinions
// are equal. All functions are thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "gradspace/export.h"

namespace gradspace {

// The three correlations throw InvalidArgument when the sizes differ or a value is NaN. Infinite
// values have ranks but no linear correlation: `pearson_correlation` refuses them.

/// Pearson's linear correlation (PLCC).
GRADSPACE_API std::optional<double> pearson_correlation(std::span<const double> x,
                                                        std::span<const double> y);

/// Spearman's rank correlation (SROCC); ties have their mean rank. O(n log n).
GRADSPACE_API std::optional<double> spearman_correlation(std::span<const double> x,
                                                         std::span<const double> y);

/// Kendall's tau-b (KROCC), which allows for ties. Knight's algorithm, O(n log n).
GRADSPACE_API std::optional<double> kendall_correlation(std::span<const double> x,
                                                        std::span<const double> y);

/// b1 (1/2 - 1/(1 + exp(b2 (x - b3)))) + b4 x + b5, from a score x to an opinion.
struct GRADSPACE_API LogisticFit {
  std::array<double, 5> b{};
  /// A straight line (b1 = 0), as fewer than six images, or scores that are all equal, allow no
  /// more, or as the logistic found nothing better.
  bool linear = false;

  double operator()(double score) const;
};

/// Least squares by Levenberg and Marquardt's method from several starts; no start needs advice.
/// Throws InvalidArgument when the sizes differ, there is no image, or a value is not finite.
GRADSPACE_API LogisticFit fit_logistic(std::span<const double> scores,
                                       std::span<const double> opinions);

/// A figure with its bootstrap confidence interval (percentiles of the resamples).
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
};

struct Agreement {
  std::size_t n = 0;              ///< images
  std::optional<Estimate> srocc;  ///< positive = agrees
  std::optional<Estimate> krocc;  ///< positive = agrees
  std::optional<Estimate> plcc;   ///< of fitted scores and opinions
  Estimate rmse;                  ///< of fitted scores, in units of opinion; divided by n
  /// Share of images whose fitted score is over two standard deviations of opinion from the
  /// opinion; missing where the deviations are not known.
  std::optional<Estimate> outlier_ratio;
  LogisticFit fit;
};

struct GRADSPACE_API AgreementOptions {
  int resamples = 1000;      ///< bootstrap; 0 = none: intervals are the value itself
  double confidence = 0.95;  ///< of the intervals, within (0, 1)
  std::uint64_t seed = 0;    ///< of the resamples
  /// Opinions grow with quality (mean opinion scores). False for difference scores, where 0 is
  /// perfect: both rank correlations then have their sign turned.
  bool larger_is_better = true;

  /// Throws InvalidArgument.
  void validate() const;
};

/// `deviations` are the standard deviations of the opinions, or empty. Images are resampled
/// independently, and every resample is fitted anew, so intervals hold for the choice of images,
/// not of reference pictures. The result does not depend on the number of threads.
/// Throws InvalidArgument when the sizes differ, there is no image, a value is not finite, or a
/// deviation is negative.
GRADSPACE_API Agreement agreement(std::span<const double> scores, std::span<const double> opinions,
                                  std::span<const double> deviations,
                                  const AgreementOptions& options = {});

}  // namespace gradspace
