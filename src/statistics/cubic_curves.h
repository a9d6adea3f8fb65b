// Areas under curves of degree 3 through few points.
#pragma once

#include <span>

namespace gradspace {

/// The integral from `low` to `high` of the piecewise cubic Hermite interpolation that keeps monotone data monotone:
/// derivatives are weighted harmonic means of the neighbouring slopes (Fritsch and Butland 1984), those at the ends
/// come from three points. `x`: at least 2, rising, with `low` and `high` within; as many `y`.
double pchip_integral(std::span<const double> x, std::span<const double> y, double low,
                      double high);

/// The same of the polynomial of degree 3 that is nearest to the points by least squares; at least 4 points.
double cubic_fit_integral(std::span<const double> x, std::span<const double> y, double low,
                          double high);

}  // namespace gradspace
