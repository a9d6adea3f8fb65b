// Metrics that are a function of two images, without a decoder.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "gradspace/quality.h"

namespace gradspace::quality {

struct PairFormula {
  std::string_view name;  ///< stands in messages
  int least_side = 1;     ///< pixels that the shorter side must have
  double of_equals = 1;   ///< the score of an image beside itself
  /// Makes the parts that `compare` asks of an image, so that they are there once the reference is prepared.
  std::function<void(const QualityImage& image)> keep_parts;
  /// The score of two images of one size that are not the same. Throws InvalidArgument where there is none.
  std::function<double(const QualityImage& reference, const QualityImage& distorted)> compare;
};

/// Throws InvalidArgument where the sum of a metric's weights is 0: both images are then as `what` says, "flat".
void require_weights(double sum, std::string_view metric, const QualityImage& reference,
                     const QualityImage& distorted, std::string_view what);

/// The metric refuses images that are too small, and pairs of two sizes.
std::unique_ptr<QualityMetric> make_pair_metric(PairFormula formula);

}  // namespace gradspace::quality
