#include "media/libav_decoder.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <bit>
#include <optional>

namespace gradspace::video {
namespace {

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

/// `planes` has the samples of `frame`, which knows what they mean.
void describe_frame(const AVFrame& frame, const AVFrame& planes, MediaFrame& out) {
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

}  // namespace

std::string LibavDecoder::begin(AVFormatContext* input, std::int64_t most_pixels) {
  format_.reset(input);
  before_reading();
  int error = avformat_find_stream_info(input, nullptr);
  const AVCodec* decoder = nullptr;
  if (error >= 0) {
    error = stream_ = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
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

MediaDecoder::Outcome LibavDecoder::next(MediaFrame& frame, std::string& failure) {
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

void LibavDecoder::describe(const AVCodec& decoder) {
  const AVRational rate = stream().avg_frame_rate;
  info_ = {stream().codecpar->width,
           stream().codecpar->height,
           rate.den == 0 ? 0 : av_q2d(rate),
           stream().nb_frames,
           decoder.name,
           named_matrix(stream().codecpar->color_space)};
  if (info_.frames == 0 && format_->duration > 0) {
    info_.frames = static_cast<std::int64_t>(static_cast<double>(format_->duration) / AV_TIME_BASE *
                                             info_.frames_per_second);
  }
  info_.frames = std::max<std::int64_t>(info_.frames, 0);
}

/// Gives the decoder the next packet, or the end. Under 0 where that failed.
int LibavDecoder::feed() {
  for (;;) {
    before_reading();
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

bool LibavDecoder::hand_on(MediaFrame& out, std::string& failure) {
  const AVFrame* frame = decoded_.get();
  const AVPixFmtDescriptor* pixels = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame->format));
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

bool LibavDecoder::convert(const AVFrame& frame, AVPixelFormat kind, std::string& failure) {
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

}  // namespace gradspace::video
