#include "photograph/ranked.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace gradspace {
namespace {

/// So many that few values share one, so few that counting them costs less than sorting.
constexpr std::size_t kCells = 512;

/// From the cells' counts to where each begins.
void begin_cells(std::vector<std::size_t>& counts) {
  std::size_t begin = 0;
  for (std::size_t& count : counts) {
    const std::size_t next = begin + count;
    count = begin;
    begin = next;
  }
}

/// Integers in the order of the floats, whose least and largest the compiler finds many at a time.
std::int32_t key_of(float value) {
  const auto bits = std::bit_cast<std::int32_t>(value);
  return bits ^ ((bits >> 31) & std::numeric_limits<std::int32_t>::max());
}

float of_key(std::int32_t key) {
  return std::bit_cast<float>(key ^ ((key >> 31) & std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

Ranked::Ranked(std::span<const float> values) {
  std::int32_t least = std::numeric_limits<std::int32_t>::max();
  std::int32_t largest = std::numeric_limits<std::int32_t>::min();
  for (const float value : values) {
    least = std::min(least, key_of(value));
    largest = std::max(largest, key_of(value));
  }
  const float low = of_key(least);
  const float scale = static_cast<float>(kCells) / (of_key(largest) - low);
  if (!(scale > 0) || !std::isfinite(scale)) {  // infinite values, or all alike
    values_.assign(values.begin(), values.end());
    ends_ = {values.size()};
    return;
  }
  std::vector<std::int32_t> cells(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    // Rounding keeps the order: a larger value is in no lower cell.
    const auto cell = static_cast<std::int32_t>((values[i] - low) * scale);
    cells[i] = std::min(cell, static_cast<std::int32_t>(kCells - 1));
  }
  ends_.resize(kCells);
  for (const std::int32_t cell : cells) {
    ++ends_[static_cast<std::size_t>(cell)];
  }
  begin_cells(ends_);
  values_.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values_[ends_[static_cast<std::size_t>(cells[i])]++] = values[i];
  }
}

float Ranked::quantile(double share) {
  const auto at = [this](std::size_t i) {
    return values_.begin() + static_cast<std::ptrdiff_t>(i);
  };
  const double place = share * static_cast<double>(values_.size() - 1);
  const auto rank = static_cast<std::size_t>(place);
  for (; ends_[cell_] <= rank; ++cell_) {
    done_ = ends_[cell_];
  }
  std::nth_element(at(done_), at(rank), at(ends_[cell_]));
  done_ = rank;
  const float below = values_[rank];
  if (rank + 1 == values_.size()) {
    return below;
  }
  // The next larger one is in the same cell, or the least of the next cell that is not empty.
  const std::size_t end = *std::ranges::upper_bound(ends_, rank + 1);
  const float above = *std::min_element(at(rank + 1), at(end));
  return below + static_cast<float>(place - static_cast<double>(rank)) * (above - below);
}

}  // namespace gradspace
