// The five-parameter logistic, fitted to many samples of the same images.
#pragma once

#include <span>

#include "gradspace/agreement.h"

namespace gradspace {

/// Starts from `start` instead of looking for a start, and stops early: for resamples, whose best fit
/// is near that of all images.
LogisticFit fit_logistic_from(const LogisticFit& start, std::span<const double> scores,
                              std::span<const double> opinions);

}  // namespace gradspace
