// Videos in files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "video/media_module.h"

namespace gradspace::video {

/// Null where the file can't be read; then `failure` says why.
std::unique_ptr<MediaDecoder> open_media_file(const std::string& path, std::int64_t most_pixels,
                                              std::string& failure);

}  // namespace gradspace::video
