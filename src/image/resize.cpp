#include "image/raw_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/kernels.h"

namespace gradspace {
namespace {

/// The windows and weights of one axis, from `in` samples to `out`.
struct Table {
  int in = 0;
  int out = 0;
  std::vector<kernels::Window> windows;
  std::vector<std::int32_t> weights;
};

/// Pillow's coefficients. The order of the floating-point operations is part of the contract: the
/// rounding of the weights must come out the same.
Table make_table(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  const double filter_scale = std::max(scale, 1.0);
  const double support = filter_scale;  // a triangle reaches one sample to either side
  const double inverse = 1.0 / filter_scale;
  Table table{in, out, {}, {}};
  table.windows.reserve(static_cast<std::size_t>(out));
  std::vector<double> filter;
  for (int i = 0; i < out; ++i) {
    const double centre = (i + 0.5) * scale;
    const int begin = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5), in);
    filter.clear();
    double sum = 0;
    for (int k = begin; k < end; ++k) {
      const double value = std::max(1.0 - std::abs((k - centre + 0.5) * inverse), 0.0);
      filter.push_back(value);
      sum += value;
    }
    kernels::Window window{static_cast<std::uint32_t>(begin), 0,
                           static_cast<std::uint32_t>(table.weights.size())};
    for (const double value : filter) {
      const double share = sum != 0.0 ? value / sum : value;
      const auto weight = static_cast<std::int32_t>(0.5 + share * (1 << kernels::kWeightBits));
      if (weight == 0 && window.count == 0) {  // nothing on the left edge
        ++window.first;
        continue;
      }
      table.weights.push_back(weight);
      ++window.count;
    }
    while (window.count > 1 && table.weights.back() == 0) {
      table.weights.pop_back();
      --window.count;
    }
    table.windows.push_back(window);
  }
  return table;
}

/// Tables used lately by this thread: a folder has few sizes, and making a table takes longer than
/// resizing a small image with it.
std::shared_ptr<const Table> find_table(int in, int out) {
  constexpr std::size_t kSlots = 64;
  constexpr std::size_t kMostWeightsKept = 4096;
  thread_local std::array<std::shared_ptr<const Table>, kSlots> slots;
  const auto key = static_cast<std::size_t>(in) * 31 + static_cast<std::size_t>(out);
  std::shared_ptr<const Table>& slot = slots[key % kSlots];
  if (slot != nullptr && slot->in == in && slot->out == out) {
    return slot;
  }
  auto table = std::make_shared<const Table>(make_table(in, out));
  if (table->weights.size() <= kMostWeightsKept) {
    slot = table;
  }
  return table;
}

/// Rows through a table. The kernel touches a byte behind the row, which the last row of a buffer
/// may not have: it goes through a copy.
void resample_rows(const std::uint8_t* in, std::size_t in_row, int height, int channels,
                   const Table& table, std::uint8_t* out) {
  const std::size_t out_width = table.windows.size();
  const std::size_t out_row = out_width * static_cast<std::size_t>(channels);
  for (int y = 0; y + 1 < height; ++y) {
    kernels::resample_row(in, table.windows.data(), table.weights.data(), out_width, channels, out);
    in += in_row;
    out += out_row;
  }
  const auto copies =
      std::make_unique_for_overwrite<std::uint8_t[]>(in_row + out_row + 2 * kernels::kRowSlack);
  std::uint8_t* last_in = copies.get();
  std::uint8_t* last_out = last_in + in_row + kernels::kRowSlack;
  std::memcpy(last_in, in, in_row);
  last_in[in_row] = 0;
  kernels::resample_row(last_in, table.windows.data(), table.weights.data(), out_width, channels,
                        last_out);
  std::memcpy(out, last_out, out_row);
}

void blend_columns(const std::uint8_t* in, std::size_t row, const Table& table, std::uint8_t* out) {
  for (const kernels::Window& window : table.windows) {
    kernels::blend_rows(in + window.first * row, row, table.weights.data() + window.weights,
                        window.count, out);
    out += row;
  }
}

}  // namespace

void resize_samples(const std::uint8_t* in, int width, int height, int channels, int out_width,
                    int out_height, std::uint8_t* out) {
  const auto in_row = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  const auto out_row = static_cast<std::size_t>(out_width) * static_cast<std::size_t>(channels);
  if (width == out_width && height == out_height) {
    std::memcpy(out, in, in_row * static_cast<std::size_t>(height));
    return;
  }
  if (height == out_height) {
    resample_rows(in, in_row, height, channels, *find_table(width, out_width), out);
    return;
  }
  const std::shared_ptr<const Table> vertical = find_table(height, out_height);
  if (width == out_width) {
    blend_columns(in, in_row, *vertical, out);
    return;
  }
  const std::int64_t between_pixels = std::int64_t{out_width} * height;
  if (between_pixels > 4 * kMaxPixels) {
    throw InvalidArgument(fmt::format("resize: {}x{} to {}x{} needs {}x{} pixels on the way", width,
                                      height, out_width, out_height, out_width, height));
  }
  const auto between =
      std::make_unique_for_overwrite<std::uint8_t[]>(out_row * static_cast<std::size_t>(height));
  resample_rows(in, in_row, height, channels, *find_table(width, out_width), between.get());
  blend_columns(between.get(), out_row, *vertical, out);
}

Image resize_bilinear(const Image& image, int width, int height) {
  Image result(width, height, image.channels());
  resize_samples(image.pixels().data(), image.width(), image.height(), image.channels(), width,
                 height, result.pixels().data());
  return result;
}

}  // namespace gradspace
