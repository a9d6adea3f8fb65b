// Videos through libavformat and libavcodec. Frames are handed on as the planes that they are decoded to; libswscale
// is asked only where these are of another kind, such as with interleaved chroma.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <optional>
#include <string>

#include "gradspace/export.h"
#include "gradspace/version.h"
#include "video/media_module.h"

namespace gradspace::video {
namespace {

std::string error_text(int error) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(error, text.data(), text.size());
  return text.data();
}

struct CloseFormat {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};
struct FreeCodec {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct FreeScaler {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};

template <typename Pointer>
Pointer allocated(Pointer pointer) {
  if (pointer == nullptr) {
    throw std::bad_alloc();
  }
  return pointer;
}

/// The one file that is read. libavformat is let to open nothing by itself: a file must not have others opened that it
/// names (a playlist's parts, addresses).
class InputFile {
 public:
  ~InputFile() {
    if (io_ != nullptr) {
      av_freep(&io_->buffer);
      avio_context_free(&io_);
    }
    if (file_ >= 0) {
      ::close(file_);
    }
  }
  InputFile() = default;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Under 0 where that failed.
  int open(const std::string& path) {
    constexpr int kBuffer = 1 << 16;
    file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) {
      return AVERROR(errno);
    }
    auto* buffer = static_cast<unsigned char*>(allocated(av_malloc(kBuffer)));
    io_ = avio_alloc_context(buffer, kBuffer, 0, this, read, nullptr, seek);
    if (io_ == nullptr) {
      av_free(buffer);
      throw std::bad_alloc();
    }
    return 0;
  }
  AVIOContext* io() const { return io_; }

 private:
  static int read(void* self, std::uint8_t* to, int size) {
    const ssize_t got =
        ::read(static_cast<InputFile*>(self)->file_, to, static_cast<std::size_t>(size));
    return got > 0 ? static_cast<int>(got) : got == 0 ? AVERROR_EOF : AVERROR(errno);
  }

  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    const int file = static_cast<InputFile*>(self)->file_;
    if ((whence & AVSEEK_SIZE) != 0) {
      struct stat status = {};
      return ::fstat(file, &status) == 0 ? std::int64_t{status.st_size} : AVERROR(errno);
    }
    const off_t place = ::lseek(file, offset, whence & ~AVSEEK_FORCE);
    return place < 0 ? AVERROR(errno) : std::int64_t{place};
  }

  int file_ = -1;
  AVIOContext* io_ = nullptr;
};

/// Nothing where none is named.
std::optional<ColourMatrix> named_matrix(AVColorSpace space) {
  switch (space) {
    case AVCOL_SPC_BT709:
      return ColourMatrix::kBt709;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_FCC:
      return ColourMatrix::kBt601;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return ColourMatrix::kBt2020;
    default:
      return std::nullopt;
  }
}

bool is_full_range(const AVFrame& frame) {
  const bool always = frame.format == AV_PIX_FMT_YUVJ420P || frame.format == AV_PIX_FMT_YUVJ422P ||
                      frame.format == AV_PIX_FMT_YUVJ444P || frame.format == AV_PIX_FMT_YUVJ440P ||
                      frame.format == AV_PIX_FMT_YUVJ411P;
  return always || frame.color_range == AVCOL_RANGE_JPEG;
}

/// Whether the planes are as PlaneFormat describes them: separate, of the machine's byte order.
bool is_planar(const AVPixFmtDescriptor& pixels) {
  const int bits = pixels.comp[0].depth;
  const std::uint64_t other = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL |
                              AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                              AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;
  const bool wrong_order = bits > 8 && ((pixels.flags & AV_PIX_FMT_FLAG_BE) != 0) !=
                                           (std::endian::native == std::endian::big);
  if ((pixels.flags & other) != 0 || wrong_order || bits < 8 || bits > 16 ||
      pixels.log2_chroma_w > 2 || pixels.log2_chroma_h > 2) {
    return false;
  }
  const int bytes = bits > 8 ? 2 : 1;
  const int planes = pixels.nb_components < 3 ? 1 : 3;
  for (int i = 0; i < planes; ++i) {
    const AVComponentDescriptor& part = pixels.comp[i];
    if (part.plane != i || part.step != bytes || part.offset != 0 || part.shift != 0 ||
        part.depth != bits) {
      return false;
    }
  }
  return true;
}

/// The planar kind that a frame of another kind is turned into, with nothing lost; RGB for what has no luma.
AVPixelFormat planar_kind(const AVPixFmtDescriptor& pixels) {
  const bool deep = pixels.comp[0].depth > 8;
  if ((pixels.flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0 ||
      pixels.nb_components < 3) {
    return deep ? AV_PIX_FMT_RGB48 : AV_PIX_FMT_RGB24;
  }
  if (pixels.log2_chroma_w == 1) {
    return pixels.log2_chroma_h == 1 ? (deep ? AV_PIX_FMT_YUV420P16 : AV_PIX_FMT_YUV420P)
                                     : (deep ? AV_PIX_FMT_YUV422P16 : AV_PIX_FMT_YUV422P);
  }
  return deep ? AV_PIX_FMT_YUV444P16 : AV_PIX_FMT_YUV444P;
}

class LibavDecoder final : public MediaDecoder {
 public:
  /// Empty where the file was opened.
  std::string open(const std::string& path, std::int64_t most_pixels) {
    int error = input_.open(path);
    if (error < 0) {
      return error_text(error);
    }
    AVFormatContext* context = allocated(avformat_alloc_context());
    context->pb = input_.io();
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    error = avformat_open_input(&context, path.c_str(), nullptr, &options);
    av_dict_free(&options);
    format_.reset(error < 0 ? nullptr : context);  // it was freed where that failed
    if (error >= 0) {
      error = avformat_find_stream_info(context, nullptr);
    }
    const AVCodec* decoder = nullptr;
    if (error >= 0) {
      error = stream_ = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
    }
    if (error < 0) {
      return error == AVERROR_STREAM_NOT_FOUND ? "it has no video stream" : error_text(error);
    }
    codec_.reset(allocated(avcodec_alloc_context3(decoder)));
    codec_->max_pixels = most_pixels;
    codec_->thread_count = 1;  // threads are for the metrics, which take longer
    codec_->pkt_timebase = stream().time_base;
    error = avcodec_parameters_to_context(codec_.get(), stream().codecpar);
    if (error >= 0) {
      error = avcodec_open2(codec_.get(), decoder, nullptr);
    }
    if (error < 0) {
      return error_text(error);
    }
    describe(*decoder);
    return {};
  }

  const MediaInfo& info() const override { return info_; }

  Outcome next(MediaFrame& frame, std::string& failure) override {
    for (;;) {
      const int error = avcodec_receive_frame(codec_.get(), decoded_.get());
      if (error == 0) {
        return hand_on(frame, failure) ? Outcome::kFrame : Outcome::kFailure;
      }
      if (error == AVERROR_EOF) {
        return Outcome::kEnd;
      }
      const int fed = error == AVERROR(EAGAIN) ? feed() : error;
      if (fed < 0) {
        failure = error_text(fed);
        return Outcome::kFailure;
      }
    }
  }

 private:
  const AVStream& stream() const { return *format_->streams[stream_]; }

  void describe(const AVCodec& decoder) {
    const AVRational rate = stream().avg_frame_rate;
    info_ = {stream().codecpar->width,
             stream().codecpar->height,
             rate.den == 0 ? 0 : av_q2d(rate),
             stream().nb_frames,
             decoder.name,
             named_matrix(stream().codecpar->color_space)};
    if (info_.frames == 0 && format_->duration > 0) {
      info_.frames = static_cast<std::int64_t>(static_cast<double>(format_->duration) /
                                               AV_TIME_BASE * info_.frames_per_second);
    }
    info_.frames = std::max<std::int64_t>(info_.frames, 0);
  }

  /// Gives the decoder the next packet, or the end. Under 0 where that failed.
  int feed() {
    for (;;) {
      const int error = av_read_frame(format_.get(), packet_.get());
      if (error == AVERROR_EOF) {
        return avcodec_send_packet(codec_.get(), nullptr);
      }
      if (error < 0) {
        return error;
      }
      const bool ours = packet_->stream_index == stream_;
      const int sent = ours ? avcodec_send_packet(codec_.get(), packet_.get()) : 0;
      av_packet_unref(packet_.get());
      if (ours) {
        return sent;
      }
    }
  }

  bool hand_on(MediaFrame& out, std::string& failure) {
    const AVFrame* frame = decoded_.get();
    const AVPixFmtDescriptor* pixels =
        av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame->format));
    if (pixels == nullptr) {
      failure = "pixels of an unknown kind";
      return false;
    }
    const std::int64_t time = frame->best_effort_timestamp;
    const std::int64_t begin = stream().start_time == AV_NOPTS_VALUE ? 0 : stream().start_time;
    out.time_s =
        time == AV_NOPTS_VALUE ? 0 : static_cast<double>(time - begin) * av_q2d(stream().time_base);
    const bool planar = is_planar(*pixels);
    if (!planar && !convert(*frame, planar_kind(*pixels), failure)) {
      return false;
    }
    describe_frame(*frame, planar ? *frame : *converted_, out);
    return true;
  }

  /// `planes` has the samples of `frame`, which knows what they mean.
  static void describe_frame(const AVFrame& frame, const AVFrame& planes, MediaFrame& out) {
    const AVPixFmtDescriptor& pixels =
        *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(planes.format));
    PlaneFormat& format = out.format;
    format = {};
    format.width = frame.width;
    format.height = frame.height;
    out.pixels = (pixels.flags & AV_PIX_FMT_FLAG_RGB) != 0;
    format.bits = pixels.comp[0].depth;
    format.grey = !out.pixels && pixels.nb_components < 3;
    format.log2_chroma_width = pixels.log2_chroma_w;
    format.log2_chroma_height = pixels.log2_chroma_h;
    const std::optional<ColourMatrix> matrix = named_matrix(frame.colorspace);
    out.names_matrix = matrix.has_value();
    format.matrix = matrix.value_or(matrix_of_size(frame.width, frame.height));
    format.full_range = is_full_range(frame);
    for (std::size_t i = 0; i < 3; ++i) {
      out.planes.data[i] = planes.data[i];
      out.planes.stride[i] = planes.linesize[i];
    }
  }

  bool convert(const AVFrame& frame, AVPixelFormat kind, std::string& failure) {
    if (converted_->width != frame.width || converted_->height != frame.height ||
        converted_->format != kind) {
      av_frame_unref(converted_.get());
      converted_->width = frame.width;
      converted_->height = frame.height;
      converted_->format = kind;
      if (const int error = av_frame_get_buffer(converted_.get(), 0); error < 0) {
        failure = error_text(error);
        return false;
      }
    }
    scaler_.reset(sws_getCachedContext(
        scaler_.release(), frame.width, frame.height, static_cast<AVPixelFormat>(frame.format),
        frame.width, frame.height, kind, SWS_POINT | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, nullptr,
        nullptr, nullptr));
    if (scaler_ == nullptr || sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height,
                                        converted_->data, converted_->linesize) != frame.height) {
      failure = "pixels of a kind that libswscale does not read";
      return false;
    }
    return true;
  }

  InputFile input_;
  std::unique_ptr<AVFormatContext, CloseFormat> format_;
  std::unique_ptr<AVCodecContext, FreeCodec> codec_;
  std::unique_ptr<AVPacket, FreePacket> packet_{allocated(av_packet_alloc())};
  std::unique_ptr<AVFrame, FreeFrame> decoded_{allocated(av_frame_alloc())};
  std::unique_ptr<AVFrame, FreeFrame> converted_{allocated(av_frame_alloc())};
  std::unique_ptr<SwsContext, FreeScaler> scaler_;
  int stream_ = -1;
  MediaInfo info_;
};

std::unique_ptr<MediaDecoder> open_media(const std::string& path, std::int64_t most_pixels,
                                         std::string& failure) {
  auto decoder = std::make_unique<LibavDecoder>();
  failure = decoder->open(path, most_pixels);
  return failure.empty() ? std::move(decoder) : nullptr;
}

const char* media_libraries() {
  static const std::string text = [] {
    const unsigned version = avformat_version();
    return "libavformat " + std::to_string(AV_VERSION_MAJOR(version)) + '.' +
           std::to_string(AV_VERSION_MINOR(version)) + '.' +
           std::to_string(AV_VERSION_MICRO(version));
  }();
  return text.c_str();
}

/// The libraries print what they think of a file, which the caller says in a line of ours.
void be_quiet() {
  av_log_set_level(AV_LOG_QUIET);
}

}  // namespace
}  // namespace gradspace::video

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_media_module_entry() {
  gradspace::video::be_quiet();
  static const gradspace::video::MediaModuleEntry entry{
      {gradspace::video::kMediaModuleAbi, gradspace::kVersion},
      gradspace::video::media_libraries,
      gradspace::video::open_media};
  return &entry;
}
