#include "statistics/kolmogorov_smirnov.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "gradspace/error.h"

namespace gradspace {

double kolmogorov_smirnov_p_value(std::size_t a, std::size_t b, double distance) {
  if (a == 0 || b == 0 || static_cast<double>(a) * static_cast<double>(b) > 0x1p32) {
    throw InvalidArgument(
        fmt::format("Kolmogorov-Smirnov: {} values can't be compared with {}", a, b));
  }
  // outside[k]: of all orders in which i values of one sample and k of the other can come, the share
  // whose distribution functions are `distance` apart somewhere. Tiny shares stay exact this way.
  const auto rows = static_cast<double>(a);
  const auto columns = static_cast<double>(b);
  const double limit = distance - 1e-10;  // distances are multiples of 1 / (a b)
  const auto is_outside = [&](std::size_t i, std::size_t k) {
    return std::abs(static_cast<double>(i) / rows - static_cast<double>(k) / columns) >= limit;
  };
  std::vector<double> outside(b + 1);
  for (std::size_t i = 0; i <= a; ++i) {
    for (std::size_t k = 0; k <= b; ++k) {
      if (is_outside(i, k)) {
        outside[k] = 1;
        continue;
      }
      if (i + k == 0) {
        outside[k] = 0;
        continue;
      }
      const auto from_row = static_cast<double>(i);
      const auto from_column = static_cast<double>(k);
      const double before = k == 0 ? 0 : outside[k - 1];
      outside[k] = (outside[k] * from_row + before * from_column) / (from_row + from_column);
    }
  }
  return outside[b];
}

}  // namespace gradspace
