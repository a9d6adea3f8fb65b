// What frames come from: one kind of camera input behind one interface.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "gradspace/image.h"
#include "gradspace/monitor.h"
#include "monitor/clock.h"
#include "monitor/stop_signal.h"

namespace gradspace::monitor {

/// A frame on its way to its judge.
struct LiveFrame {
  std::optional<Image> image = {};
  std::filesystem::path file = {};  ///< where there is no image yet: what it is to be decoded from
  std::string name = {};            ///< of a file; else empty
  std::string failure = {};         ///< why there is neither; one line
  MonitorTime time = {};            ///< when it was read
  SteadyTime read = {};             ///< the same
};

/// Frames that a reader passes over, so that at most so many a second are judged. The times that it is told never
/// decrease, whatever clock they are of.
class FrameSampler {
 public:
  /// 0 = all.
  explicit FrameSampler(double frames_per_second)
      : period_s_(frames_per_second > 0 ? 1 / frames_per_second : 0) {}

  /// Whether the frame of this time is wanted.
  bool wants(double time_s);

 private:
  double period_s_;
  double next_s_ = 0;
  bool begun_ = false;
};

/// For one thread at a time.
class FrameReader {
 public:
  virtual ~FrameReader() = default;

  /// Waits for the next frame that is to be judged. Nothing when the input has ended for good, or a stop was
  /// requested. A frame of its own that can't be read has a failure; throws Error when the input is lost, and may be
  /// opened anew.
  virtual std::optional<LiveFrame> next() = 0;
  /// Frames come in their own time, whether or not they can be judged: the newest wins. Otherwise the reader waits for
  /// the judge.
  virtual bool is_live() const = 0;
  /// How many a second the input says that it gives; 0 = it does not say.
  virtual double frames_per_second() const { return 0; }
  /// Where a lost input begins again.
  virtual bool reopens() const { return is_live(); }
};

/// What readers need while they wait. Both outlive them.
struct ReaderSurroundings {
  Clock& clock;
  const StopSignal& stop;
  /// When the input was lost, where it was there before.
  std::optional<MonitorTime> since = {};

  /// A frame that is read now.
  LiveFrame frame_now() const {
    LiveFrame frame;
    frame.time = clock.now();
    frame.read = clock.steady();
    return frame;
  }
};

/// Opens any kind but kPush. Throws IoError, FormatError, InvalidArgument.
std::unique_ptr<FrameReader> open_frames(const CameraInput& input,
                                         const ReaderSurroundings& surroundings);

// The kinds, each in a file of its own.
std::unique_ptr<FrameReader> open_folder(const CameraInput& input,
                                         const ReaderSurroundings& surroundings);
std::unique_ptr<FrameReader> open_stream(const CameraInput& input,
                                         const ReaderSurroundings& surroundings);
std::unique_ptr<FrameReader> open_piped_video(const CameraInput& input,
                                              const ReaderSurroundings& surroundings);
std::unique_ptr<FrameReader> open_raw_frames(const CameraInput& input,
                                             const ReaderSurroundings& surroundings);
std::unique_ptr<FrameReader> open_simulated_camera(const CameraInput& input,
                                                   const ReaderSurroundings& surroundings);

}  // namespace gradspace::monitor
