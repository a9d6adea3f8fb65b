// Decoders out of files, for the library's own use.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gradspace/linear_decoder.h"
#include "gradspace/safetensors.h"

namespace gradspace {

/// From a safetensors file of kind "linear decoder". Throws FormatError; `name` stands in messages.
LinearDecoder parse_decoder(SafeTensors file, std::string_view name);

/// Whether a file that begins with `start` (128 bytes) may be MATLAB's, of level 5 or 7.3.
bool looks_like_matlab_file(std::span<const std::uint8_t> start);

}  // namespace gradspace
