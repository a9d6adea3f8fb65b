// NumPy's .npy files, format 1.0 to 3.0: C order, little-endian float16, float32, float64, uint8 and int64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/tensor.h"

namespace gradspace {

enum class NpyType { kFloat32, kFloat64, kUint8, kInt64, kFloat16 };

/// Bytes of one value.
GRADSPACE_API std::size_t npy_item_size(NpyType type);

struct NpyHeader {
  NpyType type = NpyType::kFloat32;
  std::vector<std::int64_t> shape;
  std::size_t data_offset = 0;  ///< bytes from the file's start
};

/// `bytes` is the file or its beginning (a header is at most 1 MiB long); whether the values are there
/// is not looked at. Throws FormatError, also for Fortran order, other types, and shapes whose size
/// overflows; `name` stands in messages.
GRADSPACE_API NpyHeader parse_npy_header(std::span<const std::uint8_t> bytes,
                                         std::string_view name);

/// A version 1.0 header padded to exactly `size` bytes (a multiple of 64), so that it can be
/// rewritten in place when the number of rows is known. Throws InvalidArgument when it can't fit.
GRADSPACE_API std::vector<std::uint8_t> npy_header(NpyType type,
                                                   const std::vector<std::int64_t>& shape,
                                                   std::size_t size = 128);

/// A whole float32 file, or one of float16 or, narrowed, of float64. Throws FormatError, also when the values are
/// fewer or more than the header says; IoError.
GRADSPACE_API Tensor parse_npy(std::span<const std::uint8_t> bytes, std::string_view name);
GRADSPACE_API Tensor read_npy(const std::filesystem::path& path);
GRADSPACE_API void write_npy(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace gradspace
