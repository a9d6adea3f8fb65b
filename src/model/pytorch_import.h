// The checkpoint import on bytes: what import_pytorch_checkpoint does once the file is read.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gradspace/model.h"

namespace gradspace {

Model parse_pytorch_checkpoint(std::span<const std::uint8_t> bytes, const std::string& name,
                               const AutoencoderSpec& spec);

}  // namespace gradspace
