#include "video/media_reader.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <utility>

#include "core/module_file.h"
#include "gradspace/error.h"
#include "image/codec.h"
#include "video/media_module.h"
#include "video/planes.h"

namespace gradspace::video {
namespace {

const MediaModuleEntry& media_module() {
  static const MediaModuleEntry& module = [&]() -> const MediaModuleEntry& {
    const std::string variable = module_variable("media");
    return static_cast<const MediaModuleEntry&>(open_module(
        module_path("media"),
        {"module media", "-DGRADSPACE_MEDIA=ON", variable, kMediaModuleSymbol, kMediaModuleAbi}));
  }();
  return module;
}

/// Throws FormatError where the module can't be loaded.
const MediaModuleEntry& media_module_for(const std::string& name) {
  try {
    return media_module();
  } catch (const Error& error) {
    throw FormatError(fmt::format(
        "{}: not a YUV4MPEG2 video, which is all that this build reads ({})", name, error.what()));
  }
}

/// Samples of 16 bits are divided by 257 and rounded.
Image image_of_pixels(const MediaFrame& frame) {
  Image image(frame.format.width, frame.format.height, 3);
  for (int y = 0; y < image.height(); ++y) {
    const std::uint8_t* from = frame.planes.data[0] + y * frame.planes.stride[0];
    const std::span<std::uint8_t> row = image.row(y);
    if (frame.format.bits == 8) {
      std::memcpy(row.data(), from, row.size());
      continue;
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::uint16_t value = 0;
      std::memcpy(&value, from + 2 * i, 2);
      row[i] = static_cast<std::uint8_t>((value + 128U) / 257U);
    }
  }
  return image;
}

class MediaReader final : public VideoReader {
 public:
  /// `goes_on`: frames that can't be decoded do not end it.
  MediaReader(std::unique_ptr<MediaDecoder> decoder, std::string name, bool goes_on)
      : decoder_(std::move(decoder)), name_(std::move(name)), goes_on_(goes_on) {
    const MediaInfo& media = decoder_->info();
    codec::check_size(media.width, media.height, name_);
    info_ = {media.width,  media.height, media.frames_per_second,
             std::nullopt, media.matrix, media.codec};
    if (media.frames > 0) {
      info_.frames = static_cast<std::uint64_t>(media.frames);
    }
  }

  const VideoInfo& info() const override { return info_; }

  void assume_matrix(ColourMatrix matrix) override { assumed_ = matrix; }

  std::optional<VideoFrame> next() override {
    MediaFrame frame;
    if (!decode(frame)) {
      return std::nullopt;
    }
    codec::check_size(frame.format.width, frame.format.height, name_);
    return VideoFrame{number_++, frame.time_s, image_of(frame)};
  }

  bool skip() override {
    MediaFrame frame;
    if (!decode(frame)) {
      return false;
    }
    ++number_;
    return true;
  }

 private:
  bool decode(MediaFrame& frame) {
    std::string failure;
    const auto outcome = ended_ ? MediaDecoder::Outcome::kEnd : decoder_->next(frame, failure);
    ended_ = outcome == MediaDecoder::Outcome::kEnd ||
             (outcome == MediaDecoder::Outcome::kFailure && !goes_on_);
    if (outcome == MediaDecoder::Outcome::kFailure) {
      throw FormatError(fmt::format("{}: frame {}: {}", name_, number_, failure));
    }
    return outcome == MediaDecoder::Outcome::kFrame;
  }

  Image image_of(MediaFrame& frame) {
    if (frame.pixels) {
      return image_of_pixels(frame);
    }
    if (!frame.names_matrix && assumed_) {
      frame.format.matrix = *assumed_;
    }
    if (!converter_ || converter_->format() != frame.format) {
      converter_.emplace(frame.format);
    }
    return converter_->convert(frame.planes);
  }

  std::unique_ptr<MediaDecoder> decoder_;
  std::string name_;
  bool goes_on_;
  VideoInfo info_;
  std::optional<ColourMatrix> assumed_;
  std::optional<PlaneConverter> converter_;
  std::uint64_t number_ = 0;  ///< of the next frame
  bool ended_ = false;
};

}  // namespace

std::string media_library() {
  return media_module().library();
}

std::unique_ptr<VideoReader> open_live_by_media_module(const LiveMediaRequest& request) {
  std::string failure;
  std::unique_ptr<MediaDecoder> decoder =
      media_module_for(request.address).open_live(request, kMaxPixels, failure);
  if (decoder == nullptr) {
    throw IoError(fmt::format("{}: no stream that can be read: {}", request.address, failure));
  }
  return std::make_unique<MediaReader>(std::move(decoder), request.address, true);
}

std::unique_ptr<VideoReader> open_by_media_module(const std::filesystem::path& path) {
  std::string failure;
  std::unique_ptr<MediaDecoder> decoder =
      media_module_for(path.native()).open(path.native(), kMaxPixels, failure);
  if (decoder == nullptr) {
    throw FormatError(fmt::format("{}: no video that can be read: {}", path.native(), failure));
  }
  return std::make_unique<MediaReader>(std::move(decoder), path.native(), false);
}

}  // namespace gradspace::video
