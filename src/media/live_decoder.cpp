#include "media/live_decoder.h"

#include <dlfcn.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "media/libav_decoder.h"

namespace gradspace::video {
namespace {

/// An address's scheme, and what libavformat may open for it beside.
struct Scheme {
  std::string_view name;
  const char* protocols;
};
constexpr std::array<Scheme, 7> kSchemes = {{{"rtsp", "rtp,udp,tcp"},
                                             {"rtsps", "rtp,udp,tcp,tls"},
                                             {"rtp", "rtp,udp"},
                                             {"udp", "udp"},
                                             {"tcp", "tcp"},
                                             {"http", "http,tcp"},
                                             {"https", "https,tls,tcp"}}};
/// Containers that carry a stream and open nothing by themselves, as playlists do.
constexpr const char* kStreamFormats =
    "rtsp,rtp,sdp,mpegts,mpjpeg,mjpeg,h264,hevc,flv,matroska,webm,avi,yuv4mpegpipe";

const Scheme* scheme_of(std::string_view address) {
  const std::size_t end = address.find("://");
  for (const Scheme& scheme : kSchemes) {
    if (end != std::string_view::npos && address.substr(0, end) == scheme.name) {
      return &scheme;
    }
  }
  return nullptr;
}

/// libavdevice is opened when the first device is: it brings fifty libraries for sound and windows with it. Its major
/// version is libavformat's. Returns the reader of V4L2 devices, or null.
const AVInputFormat* v4l2_format() {
  static const bool registered = [] {
    const std::string name = "libavdevice.so." + std::to_string(LIBAVFORMAT_VERSION_MAJOR);
    void* const library = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    void* const symbol = library == nullptr ? nullptr : ::dlsym(library, "avdevice_register_all");
    if (symbol != nullptr) {
      reinterpret_cast<void (*)()>(symbol)();
    }
    return symbol != nullptr;
  }();
  return registered ? av_find_input_format("video4linux2") : nullptr;
}

class Options {
 public:
  Options() = default;
  ~Options() { av_dict_free(&entries_); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  void set(const char* name, const std::string& value) {
    av_dict_set(&entries_, name, value.c_str(), 0);
  }
  AVDictionary** entries() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

class LiveDecoder final : public LibavDecoder {
 public:
  explicit LiveDecoder(const LiveMediaRequest& request) : request_(request) {}
  // What is interrupted while it is closed looks at the request.
  ~LiveDecoder() override { close(); }

  std::string open(std::int64_t most_pixels) {
    Options options;
    const AVInputFormat* format = nullptr;
    std::string refused =
        request_.is_device ? prepare_device(options, format) : prepare_address(options);
    if (!refused.empty()) {
      return refused;
    }
    AVFormatContext* context = allocated(avformat_alloc_context());
    context->interrupt_callback = {must_end, this};
    context->flags |= AVFMT_FLAG_NOBUFFER;
    context->max_analyze_duration = AV_TIME_BASE;  // a second
    before_reading();
    const int error =
        avformat_open_input(&context, request_.address.c_str(), format, options.entries());
    return error < 0 ? reason(error) : begin(context, most_pixels);
  }

  /// Frames that can't be decoded are passed over until the first that can: a stream is joined in its middle.
  Outcome next(MediaFrame& frame, std::string& failure) override {
    Outcome outcome = LibavDecoder::next(frame, failure);
    for (int i = 0; outcome == Outcome::kFailure && !begun_ && !is_over() && i < kMostPassedOver;
         ++i) {
      outcome = LibavDecoder::next(frame, failure);
    }
    begun_ = begun_ || outcome == Outcome::kFrame;
    return outcome == Outcome::kFailure && is_over() ? Outcome::kEnd : outcome;
  }

 private:
  static constexpr int kMostPassedOver = 1000;

  void before_reading() override {
    deadline_ = std::chrono::steady_clock::now() +
                std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                    std::chrono::duration<double>(request_.patience_s));
  }
  bool is_over() const {
    return request_.must_stop(request_.stop_data) || std::chrono::steady_clock::now() > deadline_;
  }
  static int must_end(void* self) { return static_cast<LiveDecoder*>(self)->is_over() ? 1 : 0; }

  std::string reason(int error) const {
    return error == AVERROR_EXIT ? "nothing came for too long" : error_text(error);
  }

  std::string prepare_device(Options& options, const AVInputFormat*& format) const {
    format = v4l2_format();
    if (format == nullptr) {
      return "devices are read by libavdevice, which can't be loaded";
    }
    if (request_.width > 0 && request_.height > 0) {
      options.set("video_size",
                  std::to_string(request_.width) + 'x' + std::to_string(request_.height));
    }
    if (request_.frames_per_second > 0) {
      options.set("framerate", std::to_string(request_.frames_per_second));
    }
    return {};
  }

  std::string prepare_address(Options& options) const {
    const Scheme* const scheme = scheme_of(request_.address);
    if (scheme == nullptr) {
      return "an address of an unknown scheme";
    }
    options.set("protocol_whitelist", scheme->protocols);
    options.set("format_whitelist", kStreamFormats);
    if (scheme->name.starts_with("rtsp")) {
      options.set("rtsp_transport", "tcp");  // of datagrams some are lost, and pictures with them
      options.set("allowed_media_types", "video");
    }
    return {};
  }

  LiveMediaRequest request_;
  std::chrono::steady_clock::time_point deadline_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<MediaDecoder> open_live_media(const LiveMediaRequest& request,
                                              std::int64_t most_pixels, std::string& failure) {
  auto decoder = std::make_unique<LiveDecoder>(request);
  failure = decoder->open(most_pixels);
  return failure.empty() ? std::move(decoder) : nullptr;
}

}  // namespace gradspace::video
