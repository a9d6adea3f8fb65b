// Frames out of files and pipes: YUV4MPEG2 and other video files, and raw RGB.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "core/descriptor.h"
#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/video.h"
#include "monitor/frame_reader.h"
#include "video/y4m.h"

namespace gradspace::monitor {
namespace {

constexpr const char* kStandardInput = "-";
/// Of a video that repeats and does not say.
constexpr double kUsualFrameRate = 25;

std::string name_of_input(const CameraInput& input) {
  return input.address == kStandardInput ? "standard input" : input.address;
}

/// A copy of the standard input, so that closing it leaves that open.
Input standard_input() {
  Input input;
  input.file = Descriptor(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  struct stat status = {};
  if (!input.file || ::fstat(input.file.get(), &status) != 0) {
    throw IoError(fmt::format("standard input: can't read: {}", last_system_error()));
  }
  input.is_pipe = !S_ISREG(status.st_mode);
  input.size = input.is_pipe ? 0 : static_cast<std::uint64_t>(status.st_size);
  return input;
}

/// Opens the input; of a pipe, waits for somebody who writes to it.
Input open_waiting(const CameraInput& camera, const StopSignal& stop) {
  Input input = camera.address == kStandardInput ? standard_input() : open_input(camera.address);
  if (input.is_pipe) {
    input.stop = stop.descriptor();
    while (!stop.requested() && !stop.wait_readable(input.file.get(), std::chrono::seconds(60))) {
    }
  }
  return input;
}

/// A video whose frames come one after the other. One that repeats, or comes through a pipe, is in its own time.
class VideoFrames final : public FrameReader {
 public:
  VideoFrames(const CameraInput& input, const ReaderSurroundings& surroundings)
      : input_(input),
        surroundings_(surroundings),
        sampler_(input.frames_per_second),
        begin_(surroundings.clock.steady()) {
    open();
  }

  std::optional<LiveFrame> next() override {
    while (!surroundings_.stop.requested()) {
      const bool wanted = sampler_.wants(time_of_next());
      std::optional<VideoFrame> frame;
      const bool there = wanted ? (frame = video_->next()).has_value() : video_->skip();
      if (!there) {
        if (!input_.loop || is_pipe_ || frames_ == 0) {
          return std::nullopt;
        }
        open();
        continue;
      }
      ++frames_;
      ++all_frames_;
      if (wanted) {
        if (input_.loop && !surroundings_.clock.sleep_until(due(), surroundings_.stop)) {
          return std::nullopt;
        }
        LiveFrame result = surroundings_.frame_now();
        result.image = std::move(frame->image);
        return result;
      }
    }
    return std::nullopt;
  }
  bool is_live() const override {
    return is_pipe_ || (input_.loop && !surroundings_.clock.is_simulated());
  }
  bool reopens() const override { return false; }
  double frames_per_second() const override { return video_->info().frames_per_second; }

 private:
  void open() {
    frames_ = 0;
    if (input_.address != kStandardInput) {
      struct stat status = {};
      is_pipe_ = ::stat(input_.address.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
    }
    if (input_.address != kStandardInput && !is_pipe_) {
      video_ = open_video(input_.address);
      return;
    }
    Input input = open_waiting(input_, surroundings_.stop);
    is_pipe_ = input.is_pipe;
    video_ = video::make_y4m_reader(std::move(input), name_of_input(input_));
  }

  double rate() const {
    const double own = video_->info().frames_per_second;
    return own > 0 ? own : kUsualFrameRate;
  }
  /// When the next frame is shown; of a pipe, when it comes.
  double time_of_next() const {
    return is_pipe_ ? in_seconds(surroundings_.clock.steady() - begin_)
                    : static_cast<double>(all_frames_) / rate();
  }
  /// When the frame that was read last is to be shown.
  SteadyTime due() const { return begin_ + seconds(static_cast<double>(all_frames_) / rate()); }

  CameraInput input_;
  ReaderSurroundings surroundings_;
  FrameSampler sampler_;
  SteadyTime begin_;
  bool is_pipe_ = false;
  std::unique_ptr<VideoReader> video_;
  std::uint64_t frames_ = 0;      ///< since it was opened
  std::uint64_t all_frames_ = 0;  ///< with those before it began again
};

/// Frames of RGB bytes, one after the other.
class RawFrames final : public FrameReader {
 public:
  RawFrames(const CameraInput& input, const ReaderSurroundings& surroundings)
      : input_(input),
        surroundings_(surroundings),
        sampler_(input.frames_per_second),
        begin_(surroundings.clock.steady()),
        file_(open_waiting(input, surroundings.stop)) {}

  std::optional<LiveFrame> next() override {
    while (!surroundings_.stop.requested()) {
      Image image(input_.width, input_.height, 3);
      const std::size_t got = fill(image.pixels());
      if (surroundings_.stop.requested() || got == 0) {
        return std::nullopt;
      }
      if (got < image.pixels().size()) {
        throw FormatError(fmt::format("{}: ends within a frame of {}x{} pixels",
                                      name_of_input(input_), input_.width, input_.height));
      }
      if (!is_live() || sampler_.wants(in_seconds(surroundings_.clock.steady() - begin_))) {
        LiveFrame frame = surroundings_.frame_now();
        frame.image = std::move(image);
        return frame;
      }
    }
    return std::nullopt;
  }
  bool is_live() const override { return file_.is_pipe; }
  bool reopens() const override { return false; }

 private:
  std::size_t fill(std::span<std::uint8_t> bytes) {
    std::size_t got = 0;
    while (got < bytes.size()) {
      const std::span<std::uint8_t> rest = bytes.subspan(got);
      const std::size_t more = file_.is_pipe
                                   ? read_from_pipe(file_, rest, name_of_input(input_))
                                   : read_at(file_.file, position_, rest, name_of_input(input_));
      if (more == 0) {
        break;
      }
      got += more;
      position_ += more;
    }
    return got;
  }

  CameraInput input_;
  ReaderSurroundings surroundings_;
  FrameSampler sampler_;
  SteadyTime begin_;
  Input file_;
  std::uint64_t position_ = 0;
};

}  // namespace

bool FrameSampler::wants(double time_s) {
  // A thousandth of a period early is on time: frames' times are rounded.
  if (period_s_ == 0 || !begun_ || time_s >= next_s_ - period_s_ / 1000) {
    // After a gap nothing is made up for.
    next_s_ = begun_ && time_s < next_s_ + period_s_ ? next_s_ + period_s_ : time_s + period_s_;
    begun_ = true;
    return true;
  }
  return false;
}

std::unique_ptr<FrameReader> open_piped_video(const CameraInput& input,
                                              const ReaderSurroundings& surroundings) {
  return std::make_unique<VideoFrames>(input, surroundings);
}

std::unique_ptr<FrameReader> open_raw_frames(const CameraInput& input,
                                             const ReaderSurroundings& surroundings) {
  return std::make_unique<RawFrames>(input, surroundings);
}

}  // namespace gradspace::monitor
