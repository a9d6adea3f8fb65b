// Videos, frame by frame.
//
// YUV4MPEG2 files (.y4m) are read by our own code; all else that libavformat reads, by a module that is loaded on first
// use. Frames come as 8-bit RGB, or grey where the video has no colour:
//
// - The matrix is the one that the stream names. Where it names none, as y4m never does, it is what `assume_matrix`
//   said, or else BT.709 for a width of 1280 or more or a height over 576, and BT.601 for what is smaller.
// - The range is the one that the stream names, and else limited (16 to 235 of 8 bits).
// - Chroma is interpolated linearly between its samples. These lie on every other column, in the middle between rows,
//   as in MPEG-2 and H.264, whatever the stream says: programs name places that they do not keep to, and two videos
//   whose samples are equal must be equal.
// - Samples of 9 to 16 bits are scaled in the same step, and everything is rounded once, to the nearest.
// - Interlaced frames are taken as they are, and rotation is ignored.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "gradspace/export.h"
#include "gradspace/image.h"

namespace gradspace {

/// From luma and chroma to R, G and B; BT.2020 with non-constant luminance.
enum class ColourMatrix : std::uint8_t { kBt601, kBt709, kBt2020 };

struct VideoInfo {
  int width = 0;                 ///< pixels
  int height = 0;                ///< pixels
  double frames_per_second = 0;  ///< 0 = unknown
  /// As many as the file seems to have: it may turn out to have others.
  std::optional<std::uint64_t> frames = {};
  /// Where the stream names one.
  std::optional<ColourMatrix> matrix = {};
  std::string format = {};  ///< for people: "YUV4MPEG2, 4:2:0, 8 bits, limited range"
};

struct VideoFrame {
  std::uint64_t number = 0;  ///< from 0
  double time_s = 0;         ///< when it is shown, after the begin of the video
  Image image;
};

/// A video that is read from its begin to its end, in constant memory. For one thread at a time.
class GRADSPACE_API VideoReader {
 public:
  virtual ~VideoReader() = default;

  virtual const VideoInfo& info() const = 0;
  /// The matrix of frames whose stream names none, from the next frame on.
  virtual void assume_matrix(ColourMatrix matrix) = 0;
  /// Nothing after the last frame. Throws IoError or FormatError naming the file and the frame; then there is no
  /// further frame.
  virtual std::optional<VideoFrame> next() = 0;
  /// Passes over a frame without making an image of it. False after the last. Throws as `next` does.
  virtual bool skip() = 0;
};

/// Opens a file; a pipe, which must carry YUV4MPEG2. Throws IoError, FormatError (also where this build can't read the
/// format).
GRADSPACE_API std::unique_ptr<VideoReader> open_video(const std::filesystem::path& path);

/// Whether a file is a video and no image, by its first bytes, or by its extension where these tell nothing. False for
/// what can't be read.
GRADSPACE_API bool is_video(const std::filesystem::path& path);

}  // namespace gradspace
