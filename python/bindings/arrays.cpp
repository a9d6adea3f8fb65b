#include "arrays.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "gradspace/error.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

std::string shape_text_of(std::span<const py::ssize_t> shape) {
  std::string text;
  for (const py::ssize_t extent : shape) {
    text += (text.empty() ? "" : ", ") + std::to_string(extent);
  }
  return "[" + text + "]";
}

int side(py::ssize_t extent, const std::string& name, std::span<const py::ssize_t> shape) {
  if (extent < 1 || extent > std::numeric_limits<int>::max()) {
    throw InvalidArgument(name + ": of shape " + shape_text_of(shape) + ", which is no image's");
  }
  return static_cast<int>(extent);
}

void require_bytes(const py::array& array, const std::string& name) {
  if (!py::isinstance<py::array_t<std::uint8_t>>(array)) {
    throw InvalidArgument(name + ": is of " + std::string(py::str(array.dtype())) +
                          ", not of uint8");
  }
}

std::span<const py::ssize_t> shape_span(const py::array& array) {
  return {array.shape(), static_cast<std::size_t>(array.ndim())};
}

std::span<const py::ssize_t> stride_span(const py::array& array) {
  return {array.strides(), static_cast<std::size_t>(array.ndim())};
}

const std::uint8_t* bytes_of(const py::array& array) {
  return static_cast<const std::uint8_t*>(array.data());
}

std::string numbered(std::size_t i) {
  return "image " + std::to_string(i);
}

}  // namespace

std::string shape_of(const py::array& array) {
  return shape_text_of(shape_span(array));
}

ArrayImage::ArrayImage(const std::uint8_t* data, std::span<const py::ssize_t> shape,
                       std::span<const py::ssize_t> strides, const std::string& name)
    : data_(data) {
  const bool is_grey = shape.size() == 2 || (shape.size() == 3 && shape[2] == 1);
  const bool is_colour = shape.size() == 3 && shape[2] == 3;
  if (!is_grey && !is_colour) {
    throw InvalidArgument(name + ": of shape " + shape_text_of(shape) +
                          ", where [height, width] or [height, width, 1 or 3] is wanted");
  }
  height_ = side(shape[0], name, shape);
  width_ = side(shape[1], name, shape);
  channels_ = is_colour ? 3 : 1;
  if (std::int64_t{height_} * width_ > kMaxPixels) {
    throw InvalidArgument(name + ": of shape " + shape_text_of(shape) + ", which are more than " +
                          std::to_string(kMaxPixels) + " pixels");
  }
  // NumPy says anything of the strides of an axis with a single entry.
  row_stride_ = height_ == 1 ? std::ptrdiff_t{width_} * channels_ : strides[0];
  column_stride_ = width_ == 1 ? channels_ : strides[1];
  channel_stride_ = is_colour ? strides[2] : 1;
}

ImageView ArrayImage::view(std::vector<std::uint8_t>& packed) const {
  const bool rows_follow = row_stride_ >= std::ptrdiff_t{width_} * channels_;
  if (rows_follow && column_stride_ == channels_ && channel_stride_ == 1) {
    return {data_, width_, height_, channels_, static_cast<std::size_t>(row_stride_)};
  }
  if (rows_follow && column_stride_ == 3 && channel_stride_ == -1) {
    return {data_ - 2,         width_, height_, 3, static_cast<std::size_t>(row_stride_),
            ChannelOrder::kBgr};
  }
  const std::size_t row = static_cast<std::size_t>(width_) * static_cast<std::size_t>(channels_);
  packed.resize(row * static_cast<std::size_t>(height_));
  pack(packed.data());
  return {packed.data(), width_, height_, channels_, row};
}

Image ArrayImage::image() const {
  Image image(width_, height_, channels_);
  pack(image.pixels().data());
  return image;
}

bool ArrayImage::is_packed(const Extent& extent) const {
  return channels_ == extent.channels && height_ == extent.height && width_ == extent.width &&
         channel_stride_ == 1 && column_stride_ == channels_ &&
         row_stride_ == std::ptrdiff_t{width_} * channels_;
}

void ArrayImage::pack(std::uint8_t* out) const {
  for (int y = 0; y < height_; ++y) {
    const std::uint8_t* pixel = data_ + y * row_stride_;
    if (column_stride_ == channels_ && channel_stride_ == 1) {
      out = std::copy_n(pixel, std::ptrdiff_t{width_} * channels_, out);
      continue;
    }
    for (int x = 0; x < width_; ++x, pixel += column_stride_) {
      for (int c = 0; c < channels_; ++c) {
        *out++ = pixel[c * channel_stride_];
      }
    }
  }
}

std::optional<std::span<const std::uint8_t>> ArrayImages::contiguous(const Extent& extent) const {
  const std::uint8_t* expected = images.empty() ? nullptr : images.front().data();
  for (const ArrayImage& image : images) {
    if (image.data() != expected || !image.is_packed(extent)) {
      return std::nullopt;
    }
    expected += extent.size();
  }
  if (images.empty()) {
    return std::nullopt;
  }
  return std::span(images.front().data(), images.size() * extent.size());
}

ArrayImages array_images(const py::object& images) {
  ArrayImages result;
  if (py::isinstance<py::array>(images)) {
    auto array = py::reinterpret_borrow<py::array>(images);
    require_bytes(array, "images");
    if (array.ndim() != 3 && array.ndim() != 4) {
      throw InvalidArgument("images: of shape " + shape_of(array) +
                            ", where [n, height, width] or [n, height, width, 1 or 3] is wanted");
    }
    const auto shape = shape_span(array).subspan(1);
    const auto strides = stride_span(array).subspan(1);
    const auto count = static_cast<std::size_t>(array.shape(0));
    result.images.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t* first =
          bytes_of(array) + static_cast<std::ptrdiff_t>(i) * array.strides(0);
      result.images.emplace_back(first, shape, strides, "images");
    }
    result.owners.push_back(std::move(array));
    return result;
  }
  for (const py::handle item : images) {
    const std::string name = numbered(result.images.size());
    if (!py::isinstance<py::array>(item)) {
      throw InvalidArgument(name + ": is no array");
    }
    auto array = py::reinterpret_borrow<py::array>(item);
    require_bytes(array, name);
    result.images.emplace_back(bytes_of(array), shape_span(array), stride_span(array), name);
    result.owners.push_back(std::move(array));
  }
  return result;
}

Image image_of(const py::array& array, const std::string& name) {
  require_bytes(array, name);
  return ArrayImage(bytes_of(array), shape_span(array), stride_span(array), name).image();
}

py::array array_of(const Image& image) {
  std::vector<py::ssize_t> shape = {image.height(), image.width()};
  if (image.channels() > 1) {
    shape.push_back(image.channels());
  }
  py::array_t<std::uint8_t> result(shape);
  std::ranges::copy(image.pixels(), result.mutable_data());
  return result;
}

}  // namespace gradspace::python
