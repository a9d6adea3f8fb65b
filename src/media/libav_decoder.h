// A video stream of an opened input, frame by frame. Frames are handed on as the planes that they are decoded to;
// libswscale is asked only where these are of another kind, such as with interleaved chroma.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "media/libav.h"
#include "video/media_module.h"

namespace gradspace::video {

class LibavDecoder : public MediaDecoder {
 public:
  const MediaInfo& info() const override { return info_; }
  Outcome next(MediaFrame& frame, std::string& failure) override;

 protected:
  /// Takes an input that was opened, and opens the decoder of its video stream. Empty where that went well, else why
  /// not, in a few words.
  std::string begin(AVFormatContext* input, std::int64_t most_pixels);
  /// Before anything is read.
  virtual void before_reading() {}
  AVFormatContext* input() const { return format_.get(); }
  void close() { format_.reset(); }

 private:
  const AVStream& stream() const { return *format_->streams[stream_]; }
  void describe(const AVCodec& decoder);
  int feed();
  bool hand_on(MediaFrame& out, std::string& failure);
  bool convert(const AVFrame& frame, AVPixelFormat kind, std::string& failure);

  std::unique_ptr<AVFormatContext, CloseFormat> format_;
  std::unique_ptr<AVCodecContext, FreeCodec> codec_;
  std::unique_ptr<AVPacket, FreePacket> packet_{allocated(av_packet_alloc())};
  std::unique_ptr<AVFrame, FreeFrame> decoded_{allocated(av_frame_alloc())};
  std::unique_ptr<AVFrame, FreeFrame> converted_{allocated(av_frame_alloc())};
  std::unique_ptr<SwsContext, FreeScaler> scaler_;
  int stream_ = -1;
  MediaInfo info_;
};

}  // namespace gradspace::video
