// Quantiles of values, without sorting all of them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace gradspace {

/// Puts values into cells between the least and the largest one, and sorts no more of a cell than is asked for.
class Ranked {
 public:
  /// At least one value. Of values that are not all finite it sorts more.
  explicit Ranked(std::span<const float> values);

  /// Linear between the two values next to the place of this share of all. Shares must not fall from call to call.
  float quantile(double share);

 private:
  std::vector<float> values_;      ///< cell by cell
  std::vector<std::size_t> ends_;  ///< of the cells
  std::size_t cell_ = 0;           ///< of the last quantile
  std::size_t done_ = 0;  ///< what stands before is no larger than what stands from here on
};

}  // namespace gradspace
