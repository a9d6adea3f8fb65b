// Streams of cameras: RTSP and other addresses, V4L2 devices.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "video/media_module.h"

namespace gradspace::video {

/// Null where nothing can be read; then `failure` says why.
std::unique_ptr<MediaDecoder> open_live_media(const LiveMediaRequest& request,
                                              std::int64_t most_pixels, std::string& failure);

}  // namespace gradspace::video
