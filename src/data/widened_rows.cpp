#include "data/widened_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/half.h"

namespace gradspace {
namespace {

constexpr std::size_t kMostBytesInMemory = std::size_t{256} << 20;

}  // namespace

WidenedRows::WidenedRows(std::span<const std::uint16_t> halves, std::size_t columns,
                         const std::string& name)
    : halves_(halves), columns_(columns) {
  const std::size_t bytes = halves.size() * sizeof(float);
  if (bytes <= kMostBytesInMemory) {
    memory_.resize(halves.size());
    values_ = memory_;
  } else {
    const std::span<std::uint8_t> mapped =
        file_.emplace().map(bytes, fmt::format("{} as float32", name));
    values_ = {reinterpret_cast<float*>(mapped.data()), halves.size()};
  }
  const std::size_t rows = halves.size() / columns;
  made_ = std::make_unique<std::atomic<bool>[]>((rows + kRowsAPiece - 1) / kRowsAPiece);
}

void WidenedRows::make(std::size_t piece) const {
  const std::lock_guard lock(mutex_);
  if (made_[piece].load(std::memory_order_relaxed)) {
    return;
  }
  const std::size_t first = piece * kRowsAPiece * columns_;
  const std::size_t count = std::min(kRowsAPiece * columns_, halves_.size() - first);
  from_halves(halves_.subspan(first, count), values_.subspan(first, count));
  made_[piece].store(true, std::memory_order_release);
}

}  // namespace gradspace
