// The safetensors container: an 8-byte little-endian header length, a JSON header, raw values.
// Only float32 tensors, and in files of moments (moments.h) float64 ones; other types are refused by name.
// Sizes are checked before allocation.
//
// Files of ours, which are those whose metadata has "kind" and "gradspace_version", bear a checksum of all their
// bytes as metadata "checksum": "xxh3-64:" and 16 digits of XXH3 (64 bits), taken with zeros for these digits. It
// is put there on writing, verified on reading, and no part of SafeTensors::metadata. Files of version 0.1.0 and
// those of other programs have none and are read as they are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/tensor.h"

namespace gradspace {

/// A dense float64 array, row-major.
struct DoubleTensor {
  std::vector<std::int64_t> shape;
  std::vector<double> values;

  friend bool operator==(const DoubleTensor&, const DoubleTensor&) = default;
};

struct SafeTensors {
  TensorMap tensors;
  /// The header's `__metadata__`: text by key. Ours always has "kind" and "format_version".
  std::map<std::string, std::string> metadata;
  std::map<std::string, DoubleTensor> doubles = {};  ///< of files of moments alone
};

/// Throws FormatError on truncated, inconsistent or damaged content; `name` stands in messages.
GRADSPACE_API SafeTensors parse_safetensors(std::span<const std::uint8_t> bytes,
                                            std::string_view name);
GRADSPACE_API std::vector<std::uint8_t> serialise_safetensors(const SafeTensors& file);

/// The bytes of one of ours: throws FormatError unless metadata "kind" is `kind`, or `other_kind` where
/// that is not empty, and "format_version" is known. An empty `kind` accepts any.
GRADSPACE_API SafeTensors parse_safetensors(std::span<const std::uint8_t> bytes,
                                            std::string_view name, std::string_view kind,
                                            std::string_view other_kind = {});
/// Adds "kind", "format_version" and "gradspace_version".
GRADSPACE_API std::vector<std::uint8_t> serialise_safetensors(std::string_view kind,
                                                              SafeTensors file);

/// The same from and to files; written beside the target, then renamed.
GRADSPACE_API SafeTensors read_safetensors(const std::filesystem::path& path, std::string_view kind,
                                           std::string_view other_kind = {});
GRADSPACE_API void write_safetensors(const std::filesystem::path& path, std::string_view kind,
                                     SafeTensors file);

}  // namespace gradspace
