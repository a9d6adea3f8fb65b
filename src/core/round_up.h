// Sizes in whole blocks.
#pragma once

#include <cstddef>

namespace gradspace {

/// How many blocks of `block`, which is over 0, hold `size`.
constexpr std::size_t block_count(std::size_t block, std::size_t size) {
  return (size + block - 1) / block;
}

/// The least multiple of `block`, which is over 0, that is at least `size`.
constexpr std::size_t round_up_to(std::size_t block, std::size_t size) {
  return block_count(block, size) * block;
}

}  // namespace gradspace
