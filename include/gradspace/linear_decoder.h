// The sparse linear decoder behind the two learned quality scores, and its file.
//
// It sees whitened 8x8 patches of three channels (green between the luma and the red difference, as
// src/quality/preparation.h makes them), 192 values each: h = sigmoid(W1 x + b1), x' = W2 h + b2.
// Source: Temel, Prabhushankar, AlRegib, "UNIQUE", IEEE Signal Processing Letters 2016.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "gradspace/export.h"
#include "gradspace/tensor.h"

namespace gradspace {

struct GRADSPACE_API LinearDecoder {
  static constexpr std::size_t kVisible = 192;
  static constexpr std::size_t kHidden = 400;

  Tensor w1{{kHidden, kVisible}, {}};
  Tensor b1{{kHidden}, {}};
  Tensor w2{{kVisible, kHidden}, {}};
  Tensor b2{{kVisible}, {}};
  /// Where it comes from (options, seed, photographs, training record), as JSON texts by key.
  std::map<std::string, std::string> metadata;

  /// Throws InvalidArgument naming the tensor when a shape is another one or a value is not finite
  /// or over a million.
  void validate() const;

  friend bool operator==(const LinearDecoder&, const LinearDecoder&) = default;
};

/// A decoder file: one of ours (`.safetensors` of kind "linear decoder"), or the published MATLAB
/// file (see import_matlab_decoder); told apart by content. Throws IoError, FormatError.
GRADSPACE_API LinearDecoder load_decoder(const std::filesystem::path& path);

/// Writes `.safetensors`. Throws InvalidArgument, IoError.
GRADSPACE_API void save_decoder(const std::filesystem::path& path, const LinearDecoder& decoder);

/// Reads a level 5 MATLAB file that holds `optTheta`: W1, W2, b1, b2, one after the other, column by
/// column. Needs libmatio, which is loaded on first use. Throws IoError, FormatError; Error when
/// libmatio is not installed.
GRADSPACE_API LinearDecoder import_matlab_decoder(const std::filesystem::path& path);

/// The decoder that is built into the library. Thread-safe; read on first use, and never destroyed.
/// Throws Error when this build has none.
GRADSPACE_API const LinearDecoder& shipped_decoder();

}  // namespace gradspace
