// Decoders out of files, for the library's own use.
#pragma once

#include <string_view>

#include "gradspace/linear_decoder.h"
#include "gradspace/safetensors.h"

namespace gradspace {

/// From a safetensors file of kind "linear decoder". Throws FormatError; `name` stands in messages.
LinearDecoder parse_decoder(SafeTensors file, std::string_view name);

}  // namespace gradspace
