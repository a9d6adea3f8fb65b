// What ranks tell one another after each has done its share, in one call.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include "gradspace/ranks.h"

namespace gradspace::gradient {

/// Pieces of memory that one rank fills and all want. Every rank adds the same pieces, in the same order.
class RankMessage {
 public:
  /// Rank `rank` has filled it; it is valid until `share` has returned.
  template <typename T>
  void add(int rank, std::span<T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    pieces_.push_back({rank, std::as_writable_bytes(values)});
  }

  /// Fills the other ranks' pieces, and forgets all. Throws Error.
  void share(Ranks& ranks);

 private:
  struct Piece {
    int rank = 0;
    std::span<std::byte> bytes;
  };

  std::vector<Piece> pieces_;
  std::vector<std::byte> buffer_;
};

}  // namespace gradspace::gradient
