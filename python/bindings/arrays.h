// NumPy's arrays as images, and numbers as NumPy's arrays.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradspace/image.h"
#include "gradspace/model.h"

namespace gradspace::python {

/// One image in an array, with whatever strides it has there.
class ArrayImage {
 public:
  /// Of an array of bytes, [H, W], [H, W, 1] or [H, W, 3]. Throws InvalidArgument, after `name`, for another shape or
  /// a size that Image does not take.
  ArrayImage(const std::uint8_t* data, std::span<const pybind11::ssize_t> shape,
             std::span<const pybind11::ssize_t> strides, const std::string& name);

  /// The array's own memory where its pixels lie as a view wants them, also as B, G, R read backwards (as OpenCV's
  /// frames are when their channels are reversed); else a copy in `packed`. Valid as long as both are.
  ImageView view(std::vector<std::uint8_t>& packed) const;
  /// The same, copied.
  Image image() const;
  /// Whether it lies in memory as an Image does, and is of this extent.
  bool is_packed(const Extent& extent) const;
  const std::uint8_t* data() const { return data_; }

 private:
  void pack(std::uint8_t* out) const;

  const std::uint8_t* data_;
  int height_;
  int width_;
  int channels_;
  std::ptrdiff_t row_stride_;
  std::ptrdiff_t column_stride_;
  std::ptrdiff_t channel_stride_;
};

/// Images out of a Python sequence of arrays, or one array with a first axis more. What it was made of stays alive as
/// long as it does; it is made and destroyed with the GIL held.
struct ArrayImages {
  std::vector<ArrayImage> images;
  std::vector<pybind11::array> owners;

  /// All images as one piece of memory, [n, H, W, C], when they are of this extent and lie so; else nothing.
  std::optional<std::span<const std::uint8_t>> contiguous(const Extent& extent) const;
};

/// Throws InvalidArgument for what is no array of bytes, or a shape of no images.
ArrayImages array_images(const pybind11::object& images);

/// A single image, [H, W], [H, W, 1] or [H, W, 3] bytes, copied.
Image image_of(const pybind11::array& array, const std::string& name);

/// [H, W, 3], or [H, W] of one channel.
pybind11::array array_of(const Image& image);

/// A copy in an array of one dimension.
template <typename T>
pybind11::array_t<T> array_of(const std::vector<T>& values) {
  return pybind11::array_t<T>(static_cast<pybind11::ssize_t>(values.size()), values.data());
}

/// "[3, 28, 28]" of an array's shape, for messages.
std::string shape_of(const pybind11::array& array);

}  // namespace gradspace::python
