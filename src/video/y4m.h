// YUV4MPEG2: a line of text, then frames of planes as they are.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/descriptor.h"
#include "gradspace/video.h"
#include "video/planes.h"

namespace gradspace::video {

inline constexpr std::string_view kY4mMagic = "YUV4MPEG2";

/// What the file's first line says.
struct Y4mHeader {
  PlaneFormat format;
  bool alpha = false;            ///< a fourth plane, which is passed over
  double frames_per_second = 0;  ///< 0 = unknown

  std::size_t frame_bytes() const;
};

/// From the first line without its end. Throws FormatError that begins with `name`.
Y4mHeader parse_y4m_header(std::string_view line, std::string_view name);

/// From an open file or pipe, at its begin.
std::unique_ptr<VideoReader> make_y4m_reader(Input file, std::string name);

}  // namespace gradspace::video
