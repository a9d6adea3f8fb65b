// The inner loops of structural similarity, with the widest vectors the processor has. In float64: results do not
// depend on the processor but for the last digits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gradspace::quality {

/// Columns that are worked on at a time: the window's rows of them stay in the first-level cache.
inline constexpr std::size_t kSsimStrip = 64;

inline constexpr std::size_t kSsimTaps = 11;

/// What is summed over the window, of two samples a and b. With s = a + b and d = a - b, all that structural
/// similarity wants of a, b, their squares and their product follows from four sums instead of five:
/// 2 a b = (s^2 - d^2) / 2 and a^2 + b^2 = (s^2 + d^2) / 2.
enum SsimMoment : std::size_t { kSsimSum, kSsimDifference, kSsimSumSquare, kSsimDifferenceSquare };
inline constexpr std::size_t kSsimMoments = 4;

/// A row of a strip: its moments, one after the other.
using SsimRow = std::array<std::array<double, kSsimStrip>, kSsimMoments>;

struct SsimWindow {
  std::array<double, kSsimTaps> weights{};  ///< a symmetric window's, along and across
  double c1 = 0;
  double c2 = 0;
};

/// The window's sums along a row, at `columns` (at most kSsimStrip) places, the first of which begins with a[0]
/// and b[0]. Both rows have columns + kSsimTaps - 1 samples.
void ssim_row_sums(const SsimWindow& window, const std::uint8_t* a, const std::uint8_t* b,
                   std::size_t columns, SsimRow& sums);

/// The sum of the similarities at `columns` places, from the sums along the window's rows.
double ssim_of_rows(const SsimWindow& window, const std::array<const SsimRow*, kSsimTaps>& rows,
                    std::size_t columns);

}  // namespace gradspace::quality
