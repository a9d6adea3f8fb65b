// The inner loops of resizing, compiled for every instruction set and chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradspace::kernels {

/// Fixed-point resampling: weights are multiples of 2^-22, so that 255 times their sum fits 31 bits.
inline constexpr int kWeightBits = 22;

/// The input samples that make one output sample.
struct Window {
  std::uint32_t first = 0;    ///< the first input sample
  std::uint32_t count = 0;    ///< 0 where every weight rounds to nothing
  std::uint32_t weights = 0;  ///< where its weights begin
};

/// Windows of few pixels, a group of them side by side: four of RGB, with four lanes each, or eight of grey. All have
/// the same number of taps: there are taps of no weight where one has fewer, and pixels of none where the last group
/// has fewer.
struct NarrowWindows {
  std::size_t taps = 0;                ///< 0: the windows are too wide for it
  std::vector<std::uint32_t> offsets;  ///< [group, tap, pixel], in bytes
  /// [group, tap, pixel, lane]: each for a grey sample, or for three samples and the byte behind.
  std::vector<std::int32_t> weights;
  /// Where the pixels of every group and tap lie within kReach bytes of the row and its slack: where these begin,
  /// [group, tap], and which of them go into the lanes, [group, tap, 16]. Else empty.
  std::vector<std::uint32_t> begins = {};
  std::vector<std::uint8_t> picks = {};

  static constexpr std::size_t kReach = 16;
};

/// How many bytes behind a row `resample_row` may read, and write.
inline constexpr std::size_t kRowSlack = 1;

/// One row of `channels` (1 or 3) samples a pixel through `out_width` windows. `in` and `out` must
/// each have kRowSlack bytes behind the row; those of `out` are overwritten.
void resample_row(const std::uint8_t* in, const Window* windows, const std::int32_t* weights,
                  std::size_t out_width, int channels, std::uint8_t* out);

/// One row of RGB through narrow windows, which are `out_width`; the rest as of `resample_row`.
void resample_narrow_row(const std::uint8_t* in, const NarrowWindows& windows,
                         std::size_t out_width, std::uint8_t* out);

/// The same of grey, through windows that have `begins`.
void resample_narrow_grey_row(const std::uint8_t* in, const NarrowWindows& windows,
                              std::size_t out_width, std::uint8_t* out);

/// A weighted sum of rows: out[x] = sum_i weights[i] * rows[i * stride + x] for x < row_size.
void blend_rows(const std::uint8_t* rows, std::size_t stride, const std::int32_t* weights,
                std::size_t count, std::size_t row_size, std::uint8_t* out);

}  // namespace gradspace::kernels
