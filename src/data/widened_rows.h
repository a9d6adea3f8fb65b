// Rows of float16 as float32, made when they are first asked for.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/temporary_file.h"

namespace gradspace {

/// All rows side by side. Up to 256 MiB they lie in memory, beyond in a temporary file, whose pages the kernel may
/// drop. Thread-safe.
class WidenedRows {
 public:
  /// `halves` are [rows, columns], and outlive it. `name` stands in messages. Throws IoError.
  WidenedRows(std::span<const std::uint16_t> halves, std::size_t columns, const std::string& name);

  /// Row `first`, after rows [first, end) have been made.
  const float* rows(std::size_t first, std::size_t end) const {
    for (std::size_t piece = first / kRowsAPiece; piece * kRowsAPiece < end; ++piece) {
      if (!made_[piece].load(std::memory_order_acquire)) {
        make(piece);
      }
    }
    return values_.data() + first * columns_;
  }

 private:
  static constexpr std::size_t kRowsAPiece = 1024;

  void make(std::size_t piece) const;

  std::span<const std::uint16_t> halves_;
  std::size_t columns_;
  std::vector<float> memory_;
  std::optional<TemporaryFile> file_;
  std::span<float> values_;
  mutable std::mutex mutex_;
  std::unique_ptr<std::atomic<bool>[]> made_;
};

}  // namespace gradspace
