// Videos that the module of src/media/ reads.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gradspace/video.h"
#include "video/media_module.h"

namespace gradspace::video {

/// Loads the module with the first file. Throws FormatError, also where the module can't be loaded.
std::unique_ptr<VideoReader> open_by_media_module(const std::filesystem::path& path);

/// A camera's stream. Throws IoError where it can't be read now, FormatError where the module can't be loaded. `next`
/// and `skip` of the reader may be called again after they threw.
std::unique_ptr<VideoReader> open_live_by_media_module(const LiveMediaRequest& request);

/// "libavformat 59.27.100". Throws Error where the module can't be loaded.
std::string media_library();

}  // namespace gradspace::video
