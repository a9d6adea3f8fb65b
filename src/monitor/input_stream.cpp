// What libavformat opens: video files, RTSP addresses, V4L2 devices.
#include <fmt/format.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/host_lookup.h"
#include "gradspace/error.h"
#include "gradspace/video.h"
#include "monitor/frame_reader.h"
#include "video/media_reader.h"

namespace gradspace::monitor {
namespace {

/// A stream that brings nothing for so long is opened anew.
constexpr double kPatienceS = 10;

bool is_address(const std::string& text) {
  return text.find("://") != std::string::npos;
}

bool is_device(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 ? S_ISCHR(status.st_mode)
                                            : path.starts_with("/dev/video");
}

bool must_stop(const void* stop) {
  return static_cast<const StopSignal*>(stop)->requested();
}

/// Frames of a camera, as they come.
class StreamFrames final : public FrameReader {
 public:
  StreamFrames(const CameraInput& input, const ReaderSurroundings& surroundings)
      : address_(input.address),
        surroundings_(surroundings),
        sampler_(input.frames_per_second),
        begin_(surroundings.clock.steady()) {
    video::LiveMediaRequest request;
    request.address = input.address;
    request.is_device = !is_address(input.address);
    request.width = input.width;
    request.height = input.height;
    request.frames_per_second = input.frames_per_second;
    request.patience_s = kPatienceS;
    require_host();
    request.must_stop = must_stop;
    request.stop_data = &surroundings.stop;
    video_ = video::open_live_by_media_module(request);
  }

  std::optional<LiveFrame> next() override {
    for (;;) {
      LiveFrame frame;
      try {
        // Whether a frame is wanted is told before it comes, so that one that is not is never turned into an image.
        if (!sampler_.wants(in_seconds(surroundings_.clock.steady() - begin_))) {
          require_going_on(video_->skip());
          continue;
        }
        std::optional<VideoFrame> read = video_->next();
        require_going_on(read.has_value());
        frame = surroundings_.frame_now();
        if (read) {
          frame.image = std::move(read->image);
        }
      } catch (const FormatError& error) {
        frame = surroundings_.frame_now();
        frame.failure = error.what();
      }
      return surroundings_.stop.requested() ? std::nullopt : std::optional(std::move(frame));
    }
  }
  bool is_live() const override { return true; }
  double frames_per_second() const override { return video_->info().frames_per_second; }

 private:
  /// libavformat looks the name up, too, and can't be stopped meanwhile.
  void require_host() const {
    const std::string trouble = HostLookup().trouble_with(
        host_in(address_), seconds(kPatienceS), [this] { return surroundings_.stop.requested(); });
    if (!trouble.empty()) {
      throw IoError(fmt::format("{}: {}", address_, trouble));
    }
  }
  void require_going_on(bool goes_on) const {
    if (!goes_on && !surroundings_.stop.requested()) {
      throw IoError(fmt::format("{}: the stream has ended", address_));
    }
  }

  std::string address_;
  ReaderSurroundings surroundings_;
  FrameSampler sampler_;
  SteadyTime begin_;
  std::unique_ptr<VideoReader> video_;
};

}  // namespace

std::unique_ptr<FrameReader> open_stream(const CameraInput& input,
                                         const ReaderSurroundings& surroundings) {
  if (is_address(input.address) || is_device(input.address)) {
    return std::make_unique<StreamFrames>(input, surroundings);
  }
  return open_piped_video(input, surroundings);
}

std::unique_ptr<FrameReader> open_frames(const CameraInput& input,
                                         const ReaderSurroundings& surroundings) {
  switch (input.kind) {
    case CameraInputKind::kFolder:
      return open_folder(input, surroundings);
    case CameraInputKind::kStream:
      return open_stream(input, surroundings);
    case CameraInputKind::kVideo:
      return open_piped_video(input, surroundings);
    case CameraInputKind::kRaw:
      return open_raw_frames(input, surroundings);
    case CameraInputKind::kSimulated:
      return open_simulated_camera(input, surroundings);
    case CameraInputKind::kPush:
      break;
  }
  throw InvalidArgument("monitor: a camera whose frames are pushed has no input to open");
}

}  // namespace gradspace::monitor
