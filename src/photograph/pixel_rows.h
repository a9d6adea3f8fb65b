// What is counted of all pixels of a photograph, row by row, with the widest vectors the processor has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradspace {

/// The three channels of a row of interleaved samples, one after the other.
class SplitRow {
 public:
  /// `samples` is [pixels, 3].
  void split(const std::uint8_t* samples, std::size_t pixels);

  std::size_t pixels() const { return pixels_; }
  const std::uint8_t* channel(std::size_t k) const { return values_.data() + k * pixels_; }

 private:
  std::size_t pixels_ = 0;
  std::vector<std::uint8_t> values_;
};

/// A pixel's luma (299 R + 587 G + 114 B + 500) / 1000 without its fraction; its largest less its least sample; its
/// least sample. Each of `pixels` bytes.
struct ToneRows {
  std::uint8_t* luma;
  std::uint8_t* saturation;
  std::uint8_t* least;
};
void tone_rows(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue,
               std::size_t pixels, const ToneRows& out);

/// How many pixels have each value.
using Histogram = std::array<std::uint64_t, 256>;

/// Counts of many rows added up: of fewer than 2^32 pixels.
class LevelCounts {
 public:
  void add(const std::uint8_t* values, std::size_t count);
  Histogram total() const;

 private:
  /// The same value again and again would wait for its own count: neighbours are counted apart.
  static constexpr std::size_t kApart = 4;
  std::array<std::array<std::uint32_t, 256>, kApart> counts_{};
};

/// Absolute differences of neighbouring samples.
struct Changes {
  static constexpr std::size_t kPhases = 8;
  /// To the left neighbour, of the samples whose column is this one of eight.
  std::array<std::uint64_t, kPhases> across{};
  std::uint64_t down = 0;  ///< to the neighbour above
};
void add_changes(const std::uint8_t* row, const std::uint8_t* above, std::size_t count,
                 Changes& changes);

}  // namespace gradspace
