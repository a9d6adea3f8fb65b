// The two-sample Kolmogorov-Smirnov test.
#pragma once

#include <cstddef>

namespace gradspace {

/// The probability that two samples of `a` and `b` values of one continuous distribution are `distance`
/// or more apart by Kolmogorov-Smirnov: exact, O(a b) (J. L. Hodges 1957). With ties it errs to the side
/// of larger p. Throws InvalidArgument when a size is 0, or their product over 2^32.
double kolmogorov_smirnov_p_value(std::size_t a, std::size_t b, double distance);

}  // namespace gradspace
