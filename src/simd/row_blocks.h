// Work on many rows by blocks that several threads take, with results that do not depend on their number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/parallel.h"
#include "core/round_up.h"
#include "simd/products.h"

namespace gradspace::quality {

/// Calls use(first, rows) for blocks of at most kBlockRows rows that are together `count` rows, on several threads.
template <typename Use>
void for_each_block(std::size_t count, const Use& use) {
  parallel_for(block_count(kBlockRows, count), [&](std::size_t block) {
    const std::size_t first = block * kBlockRows;
    use(first, std::min(kBlockRows, count - first));
  });
}

/// The mean of a^T b over `count` rows, m x n: add_block(first, rows, sum) adds each block of at most kBlockRows rows.
/// Blocks are worked on by several threads, some for each at a time; the result is the same however many there are.
template <typename AddBlock>
std::vector<double> mean_product(std::size_t count, std::size_t m, std::size_t n,
                                 ProductSum::Half half, const AddBlock& add_block) {
  constexpr std::size_t kRowsInFloat = kBlockRows * ProductSum::kBlocksInFloat;
  const std::size_t groups = block_count(kRowsInFloat, count);
  std::vector<std::optional<ProductSum>> sums(std::max<std::size_t>(groups, 1));
  sums.front().emplace(m, n, half);
  parallel_for(groups, [&](std::size_t group) {
    ProductSum& sum = group == 0 ? *sums[0] : sums[group].emplace(m, n, half);
    const std::size_t end = std::min(count, (group + 1) * kRowsInFloat);
    for (std::size_t first = group * kRowsInFloat; first < end; first += kBlockRows) {
      add_block(first, std::min(kBlockRows, end - first), sum);
    }
  });
  sums.front()->add(std::span(sums).subspan(1));
  return sums.front()->mean(count);
}

}  // namespace gradspace::quality
