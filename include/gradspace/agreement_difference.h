// Does one metric agree with people better than another? Two metrics that judge the same images are compared by the
// difference of their rank correlations with the opinions: by its bootstrap interval, and by Williams' test.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "gradspace/agreement.h"
#include "gradspace/export.h"

namespace gradspace {

/// What metrics say of images that people have judged. Element i of every list belongs to image i.
struct OpinionSample {
  /// A list a metric; a larger score means that the metric expects a larger opinion.
  std::vector<std::vector<double>> scores;
  std::vector<double> opinions;
  /// The number of the reference that the image was made of. Images of one reference are alike, so that references
  /// are resampled, each with all of its images; where there is one alone, images are.
  std::vector<std::size_t> references;
};

/// How the agreement of two metrics differs.
struct AgreementDifference {
  std::size_t first = 0;  ///< the metrics, by their places in OpinionSample::scores
  std::size_t second = 0;
  /// The first one's SROCC minus the second one's, with percentiles of the resamples. Nothing where one of the two
  /// has no correlation.
  std::optional<Estimate> srocc;
  /// Two-sided, by Williams' t test of two dependent correlations that share a variable (Steiger, Psychological
  /// Bulletin 87 (1980), equation 7), on ranks. It takes images for independent, which those of one reference are
  /// not, and is smaller than it should be for that. Nothing where there are fewer than four images.
  std::optional<double> p;
  /// The same, adjusted by Holm's method for all pairs of metrics that are compared.
  std::optional<double> p_holm;
};

/// Of all pairs of metrics: the first with each other one, and so on. Of the options, `larger_is_better` is not used.
/// The result does not depend on the number of threads. Thread-safe. Throws InvalidArgument when sizes differ, there is
/// no image, or a value is not finite.
GRADSPACE_API std::vector<AgreementDifference> agreement_differences(
    const OpinionSample& images, const AgreementOptions& options = {});

/// Williams' test: of n images, r_first and r_second are the correlations of two variables with the opinions, and
/// r_between theirs with each other. Two-sided p; 1 where both correlations are the same. Throws InvalidArgument for
/// fewer than four images, and for correlations that are not between -1 and 1.
GRADSPACE_API double williams_test(double r_first, double r_second, double r_between,
                                   std::size_t n);

}  // namespace gradspace
