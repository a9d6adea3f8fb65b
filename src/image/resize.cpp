#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>

#include "gradspace/error.h"
#include "image/colour.h"
#include "image/colour_kernels.h"
#include "image/raw_image.h"
#include "image/resize_kernels.h"
#include "image/resize_table.h"
#include "image/row_resizer.h"

namespace gradspace {
namespace {

/// Memory that is larger than this is not kept for the next image.
constexpr std::size_t kMostRowsKept = std::size_t{1} << 24;

void let_go_if_large(std::vector<std::uint8_t>& buffer) {
  if (buffer.size() > kMostRowsKept) {
    buffer = {};
  }
}

/// Makes room, but never gives any away.
void make_room(std::vector<std::uint8_t>& buffer, std::size_t bytes) {
  if (buffer.size() < bytes) {
    buffer.resize(bytes);
  }
}

constexpr std::size_t kAlignment = 64;

/// The next place that is no multiple of 16. To rows that begin at one libjpeg-turbo writes past the caches, and they
/// would have to be fetched back from memory at once.
std::uint8_t* unaligned(std::uint8_t* begin) {
  const std::size_t over = reinterpret_cast<std::uintptr_t>(begin) % kAlignment;
  return begin + (kAlignment - over) + 8;
}

/// None where nothing is to be resized; `last` where it fits, which spares looking for it.
std::shared_ptr<const ResizeTable> table_for(int in, int out, int channels,
                                             std::shared_ptr<const ResizeTable> last) {
  if (in == out) {
    return nullptr;
  }
  const bool fits =
      last != nullptr && last->in == in && last->out == out && last->channels == channels;
  return fits ? std::move(last) : find_resize_table(in, out, channels);
}

}  // namespace

void RowResizer::begin(const RowLayout& in, int width, int height, int channels,
                       std::uint8_t* out) {
  if (height != in.height && std::int64_t{width} * in.height > 4 * kMaxPixels) {
    throw InvalidArgument(fmt::format("resize: {}x{} to {}x{} needs {}x{} pixels on the way",
                                      in.width, in.height, width, height, width, in.height));
  }
  in_ = in;
  width_ = width;
  height_ = height;
  channels_ = channels;
  // Colour is changed where there is less of it to resize: each channel is resized alone, so grey may be
  // repeated, and red and blue be swapped, afterwards.
  resized_channels_ = std::min(channels, in.channels);
  out_ = out;
  horizontal_ = table_for(in.width, width, resized_channels_, std::move(horizontal_));
  vertical_ = table_for(in.height, height, 0, std::move(vertical_));
  taken_ = 0;
  made_ = 0;
  first_ = 0;
  make_room(row_, in.row_size() + kernels::kRowSlack + 2 * kAlignment);
  place_ = unaligned(row_.data());
  if (resized_channels_ != in.channels) {
    make_room(grey_, static_cast<std::size_t>(in.width) + kernels::kRowSlack);
  }
  if (vertical_ != nullptr) {
    constexpr std::size_t kRowsToSpare = 32;  // so that what is needed is seldom moved
    const std::size_t needed = vertical_->most_needed;
    capacity_ =
        std::min(static_cast<std::size_t>(in.height), needed + std::max(needed, kRowsToSpare));
    make_room(between_, capacity_ * out_row() + kernels::kRowSlack);
  }
}

std::size_t RowResizer::out_row() const {
  return static_cast<std::size_t>(width_) * static_cast<std::size_t>(resized_channels_);
}

void RowResizer::take(const std::uint8_t* row) {
  if (resized_channels_ != in_.channels) {
    colour::luma({row, in_.row_size()}, in_.order, grey_.data());
    row = grey_.data();
  }
  if (vertical_ == nullptr) {
    pass_horizontally(row, out_ + taken_ * out_row());
    ++taken_;
  } else {
    pass_horizontally(row, next_between());
    ++taken_;
    pass_vertically();
  }
  if (taken_ == static_cast<std::size_t>(in_.height)) {
    finish();
  }
}

/// Where the next row goes. What is no longer needed makes room for it.
std::uint8_t* RowResizer::next_between() {
  if (taken_ - first_ == capacity_) {
    const std::size_t needed = made_ < vertical_->needed_from.size()
                                   ? std::min<std::size_t>(vertical_->needed_from[made_], taken_)
                                   : taken_;
    assert(needed > first_);
    std::memmove(between_.data(), between_.data() + (needed - first_) * out_row(),
                 (taken_ - needed) * out_row());
    first_ = needed;
  }
  return between_.data() + (taken_ - first_) * out_row();
}

/// Where `out` is the result itself, the byte that the kernel writes behind the row is the next row's, but behind the
/// last.
void RowResizer::pass_horizontally(const std::uint8_t* samples, std::uint8_t* out) {
  if (horizontal_ == nullptr) {
    std::memcpy(out, samples, out_row());
    return;
  }
  const bool behind_is_foreign =
      vertical_ == nullptr && taken_ + 1 == static_cast<std::size_t>(in_.height);
  std::vector<std::uint8_t> last_row(behind_is_foreign ? out_row() + kernels::kRowSlack : 0);
  std::uint8_t* const to = behind_is_foreign ? last_row.data() : out;
  const auto width = static_cast<std::size_t>(width_);
  if (resized_channels_ == 3 && horizontal_->narrow.taps > 0) {
    kernels::resample_narrow_row(samples, horizontal_->narrow, width, to);
  } else if (resized_channels_ == 1 && !horizontal_->narrow.begins.empty()) {
    kernels::resample_narrow_grey_row(samples, horizontal_->narrow, width, to);
  } else {
    kernels::resample_row(samples, horizontal_->windows.data(), horizontal_->weights.data(), width,
                          resized_channels_, to);
  }
  if (behind_is_foreign) {
    std::memcpy(out, last_row.data(), out_row());
  }
}

/// Makes the rows of the result for which all is there.
void RowResizer::pass_vertically() {
  while (made_ < vertical_->windows.size()) {
    const kernels::Window& window = vertical_->windows[made_];
    if (std::size_t{window.first} + window.count > taken_) {
      return;
    }
    const std::size_t begin = window.count == 0 ? 0 : window.first - first_;
    kernels::blend_rows(between_.data() + begin * out_row(), out_row(),
                        vertical_->weights.data() + window.weights, window.count, out_row(),
                        out_ + made_ * out_row());
    ++made_;
  }
}

void RowResizer::finish() {
  const std::size_t area = static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_);
  if (resized_channels_ < channels_) {
    colour::repeat_grey({out_, area}, out_);
  } else if (channels_ == 3 && in_.order == ChannelOrder::kBgr) {
    kernels::swap_red_blue(out_, area, out_);
  }
  let_go_if_large(row_);
  let_go_if_large(grey_);
  let_go_if_large(between_);
}

void resize_view(const ImageView& in, int width, int height, int channels, RowResizer& resizer,
                 std::uint8_t* out) {
  const RowLayout layout{in.width(), in.height(), in.channels(), in.order()};
  resizer.begin(layout, width, height, channels, out);
  for (int y = 0; y + 1 < in.height(); ++y) {
    resizer.take(in.row(y).data());
  }
  // Nothing need lie behind the last row.
  std::memcpy(resizer.place(), in.row(in.height() - 1).data(), layout.row_size());
  resizer.take(resizer.place());
}

Image resize_bilinear(const ImageView& image, int width, int height) {
  Image result(width, height, image.channels());
  RowResizer resizer;
  resize_view(image, width, height, image.channels(), resizer, result.pixels().data());
  return result;
}

}  // namespace gradspace
