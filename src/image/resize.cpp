#include "image/raw_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "gradspace/error.h"
#include "image/colour.h"
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

/// The rows of an image with the channels to resize: its own, or their luma.
class Rows {
 public:
  Rows(const ImageView& in, int channels)
      : in_(in),
        channels_(channels),
        size_(static_cast<std::size_t>(in.width()) * static_cast<std::size_t>(channels)) {}

  int count() const { return in_.height(); }
  int channels() const { return channels_; }
  std::size_t size() const { return size_; }  ///< bytes of a row
  bool convert() const { return channels_ != in_.channels(); }

  /// Row `y` where it lies; not of rows that must be converted.
  const std::uint8_t* place(int y) const { return in_.row(y).data(); }
  std::size_t stride() const { return in_.stride(); }

  void copy(int y, std::uint8_t* out) const {
    if (convert()) {
      colour::luma(in_.row(y), in_.order(), out);
    } else {
      std::memcpy(out, place(y), size_);
    }
  }

 private:
  const ImageView& in_;
  int channels_;
  std::size_t size_;
};

/// All rows through a table into `out`. The kernel touches a byte behind the row, which the last row of
/// a buffer may not have: it goes through a copy.
void resample_rows(const Rows& rows, const Table& table, std::vector<std::uint8_t>& buffer,
                   std::uint8_t* out) {
  const std::size_t out_width = table.windows.size();
  const std::size_t out_row = out_width * static_cast<std::size_t>(rows.channels());
  buffer.resize(rows.size() + out_row + 2 * kernels::kRowSlack);
  std::uint8_t* copied_row = buffer.data();
  std::uint8_t* last_out = copied_row + rows.size() + kernels::kRowSlack;
  const int last = rows.count() - 1;
  for (int y = 0; y <= last; ++y) {
    const std::uint8_t* in = copied_row;
    if (y == last || rows.convert()) {
      rows.copy(y, copied_row);
    } else {
      in = rows.place(y);
    }
    kernels::resample_row(in, table.windows.data(), table.weights.data(), out_width,
                          rows.channels(), y == last ? last_out : out);
    if (y < last) {
      out += out_row;
    }
  }
  std::memcpy(out, last_out, out_row);
}

/// `size` bytes of each row, which lie `stride` apart.
void blend_columns(const std::uint8_t* in, std::size_t stride, std::size_t size, const Table& table,
                   std::uint8_t* out) {
  for (const kernels::Window& window : table.windows) {
    kernels::blend_rows(in + window.first * stride, stride, table.weights.data() + window.weights,
                        window.count, size, out);
    out += size;
  }
}

void copy_rows(const Rows& rows, std::uint8_t* out) {
  for (int y = 0; y < rows.count(); ++y) {
    rows.copy(y, out);
    out += rows.size();
  }
}

/// Resizes the samples in their order.
void resize_rows(const Rows& rows, int in_width, int width, int height, ResizeBuffers& buffers,
                 std::uint8_t* out) {
  const int in_height = rows.count();
  if (height == in_height) {
    if (width == in_width) {
      copy_rows(rows, out);
    } else {
      resample_rows(rows, *find_table(in_width, width), buffers.row, out);
    }
    return;
  }
  const std::shared_ptr<const Table> vertical = find_table(in_height, height);
  if (width == in_width && !rows.convert()) {
    blend_columns(rows.place(0), rows.stride(), rows.size(), *vertical, out);
    return;
  }
  if (std::int64_t{width} * in_height > 4 * kMaxPixels) {
    throw InvalidArgument(fmt::format("resize: {}x{} to {}x{} needs {}x{} pixels on the way",
                                      in_width, in_height, width, height, width, in_height));
  }
  const std::size_t out_row =
      static_cast<std::size_t>(width) * static_cast<std::size_t>(rows.channels());
  buffers.between.resize(out_row * static_cast<std::size_t>(in_height));
  std::uint8_t* between = buffers.between.data();
  if (width == in_width) {
    copy_rows(rows, between);
  } else {
    resample_rows(rows, *find_table(in_width, width), buffers.row, between);
  }
  blend_columns(between, out_row, out_row, *vertical, out);
}

}  // namespace

// Colour is changed where there is less of it to resize: each channel is resized alone, so grey may be
// repeated, and red and blue be swapped, afterwards.
void resize_samples(const ImageView& in, int width, int height, int channels,
                    ResizeBuffers& buffers, std::uint8_t* out) {
  const Rows rows(in, std::min(channels, in.channels()));
  resize_rows(rows, in.width(), width, height, buffers, out);
  const std::size_t area = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  if (rows.channels() < channels) {
    colour::repeat_grey({out, area}, out);
  } else if (channels == 3 && is_bgr(in)) {
    kernels::swap_red_blue(out, area, out);
  }
}

Image resize_bilinear(const ImageView& image, int width, int height) {
  Image result(width, height, image.channels());
  ResizeBuffers buffers;
  resize_samples(image, width, height, image.channels(), buffers, result.pixels().data());
  return result;
}

}  // namespace gradspace
