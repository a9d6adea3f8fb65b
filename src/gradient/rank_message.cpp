#include "gradient/rank_message.h"

#include <algorithm>
#include <numeric>

namespace gradspace {
namespace gradient {

void RankMessage::share(Ranks& ranks) {
  std::vector<std::size_t> offsets(static_cast<std::size_t>(ranks.size()) + 1);
  for (const Piece& piece : pieces_) {
    offsets[static_cast<std::size_t>(piece.rank) + 1] += piece.bytes.size();
  }
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  buffer_.resize(offsets.back());
  const auto copy = [&](bool own, const auto& copy_piece) {
    std::vector<std::size_t> places(offsets.begin(), offsets.end() - 1);
    for (const Piece& piece : pieces_) {
      std::size_t& place = places[static_cast<std::size_t>(piece.rank)];
      if ((piece.rank == ranks.rank()) == own) {
        copy_piece(piece.bytes, std::span(buffer_).subspan(place, piece.bytes.size()));
      }
      place += piece.bytes.size();
    }
  };
  copy(/*own=*/true, [](std::span<std::byte> piece, std::span<std::byte> in_buffer) {
    std::ranges::copy(piece, in_buffer.begin());
  });
  ranks.share(buffer_, offsets);
  copy(/*own=*/false, [](std::span<std::byte> piece, std::span<std::byte> in_buffer) {
    std::ranges::copy(in_buffer, piece.begin());
  });
  pieces_.clear();
}

}  // namespace gradient

bool any_rank(Ranks& ranks, bool own) {
  std::vector<std::byte> said(static_cast<std::size_t>(ranks.size()));
  std::vector<std::size_t> offsets(said.size() + 1);
  std::iota(offsets.begin(), offsets.end(), std::size_t{0});
  said[static_cast<std::size_t>(ranks.rank())] = std::byte{own};
  ranks.share(said, offsets);
  return std::ranges::find(said, std::byte{1}) != said.end();
}

}  // namespace gradspace
