// What the library and the module that reads videos by libavformat (src/media/) know of each other. The module links
// nothing of ours.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/module_head.h"
#include "video/planes.h"

namespace gradspace::video {

/// A decoded frame: planes, or pixels of R, G and B side by side. It lives until the next one is decoded.
struct MediaFrame {
  double time_s = 0;
  /// Of planes; of pixels, width, height and bits alone (8, or 16 of the machine's order).
  PlaneFormat format;
  Planes planes;
  bool pixels = false;        ///< in planes.data[0]
  bool names_matrix = false;  ///< else format.matrix is that of its size
};

struct MediaInfo {
  int width = 0;
  int height = 0;
  double frames_per_second = 0;             ///< 0 = unknown
  std::int64_t frames = 0;                  ///< 0 = unknown
  std::string codec = {};                   ///< "h264"
  std::optional<ColourMatrix> matrix = {};  ///< where the stream names one
};

class MediaDecoder {
 public:
  virtual ~MediaDecoder() = default;
  virtual const MediaInfo& info() const = 0;
  enum class Outcome { kFrame, kEnd, kFailure };
  /// Decodes a frame. `failure` says what is wrong, in a few words.
  virtual Outcome next(MediaFrame& frame, std::string& failure) = 0;
};

/// A camera's stream.
struct LiveMediaRequest {
  /// "rtsp://...", also of rtsps, rtp, udp, tcp, http and https, each of which opens nothing but itself; or a V4L2
  /// device's path.
  std::string address;
  bool is_device = false;
  int width = 0;                 ///< of a device: what is asked of it, where not 0
  int height = 0;                ///< the same
  double frames_per_second = 0;  ///< the same
  double patience_s = 10;        ///< opening and each read may take so long
  /// Asked while something is waited for, on the same thread; true ends it.
  bool (*must_stop)(const void* data) = nullptr;
  const void* stop_data = nullptr;
};

/// Raise it whenever one of these types changes.
inline constexpr std::uint32_t kMediaModuleAbi = 2;

/// What the symbol gives.
struct MediaModuleEntry : ModuleHead {
  /// "libavformat 59.27.100".
  const char* (*library)() = nullptr;
  /// Null where the file can't be read; then `failure` says why, in a few words. No frame is decoded of more than
  /// `most_pixels`.
  std::unique_ptr<MediaDecoder> (*open)(const std::string& path, std::int64_t most_pixels,
                                        std::string& failure) = nullptr;
  /// The same of a stream. Its decoder may go on after a failure; its end means that it was lost.
  std::unique_ptr<MediaDecoder> (*open_live)(const LiveMediaRequest& request,
                                             std::int64_t most_pixels,
                                             std::string& failure) = nullptr;
};

inline constexpr const char* kMediaModuleSymbol = "gradspace_media_module_entry";

}  // namespace gradspace::video
