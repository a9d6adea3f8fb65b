// Cameras that are watched day and night: frames in, verdicts, alarms and pictures out.
//
// A monitor judges the frames of several cameras by their detectors. Each camera has an input, a thread that reads
// it, and a slot for its newest frame: a frame that comes while another one waits takes its place, and the one that
// waited is counted as dropped. Workers take waiting frames, camera by camera in turn. What a camera has come to (its
// drift window, the error budget that is spent, counters, alarms) is kept in a file, so that a monitor that was
// killed goes on where it was. An alarm is raised once: its line is written, and the state that knows of it, before
// any listener hears of it.
//
// What goes over the network (pages, metrics, webhooks) is not the monitor's: it tells a MonitorListener.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/drift.h"
#include "gradspace/export.h"
#include "gradspace/image.h"

namespace gradspace {

/// UTC. A camera's own clock is never trusted.
using MonitorTime = std::chrono::system_clock::time_point;

/// To milliseconds: "2026-11-27T15:46:29.123Z".
GRADSPACE_API std::string utc_text(MonitorTime time);

enum class CameraInputKind : std::uint8_t {
  kFolder,  ///< a folder that image files come into
  kStream,  ///< what libavformat opens: a video file, an RTSP address, a V4L2 device
  kVideo,   ///< a .y4m file or pipe; "-": standard input
  kRaw,  ///< frames of `width` x `height` RGB bytes one after the other, from a file, a pipe or "-"
  kPush,       ///< frames come by Monitor::push
  kSimulated,  ///< photographs of a folder, with faults that come and go
};

/// A simulated camera looks at one photograph for so many frames.
inline constexpr std::uint64_t kSimulatedSceneFrames = 100;

struct GRADSPACE_API CameraInput {
  CameraInputKind kind = CameraInputKind::kPush;
  std::string address = {};  ///< path, URL or device; none for kPush
  /// Pixels, of kRaw; of V4L2 and simulated cameras, where not 0, what is asked for.
  int width = 0;
  int height = 0;
  /// At most so many are judged; 0 = all. What a simulated camera gives.
  double frames_per_second = 0;
  bool loop = false;       ///< a video file begins again at its end
  std::uint64_t seed = 0;  ///< of a simulated camera
  bool faults = true;      ///< of a simulated camera: whether any come

  /// How long a simulated camera looks at one photograph.
  double scene_seconds() const {
    return static_cast<double>(kSimulatedSceneFrames) / frames_per_second;
  }

  friend bool operator==(const CameraInput&, const CameraInput&) = default;
};

/// When an alarm is raised, and when it ends.
struct GRADSPACE_API AlarmRules {
  double false_alarms_per_day =
      1;                ///< of clean frames, at the camera's frame rate: gives the rule's threshold
  int raise_after = 3;  ///< of `raise_within` frames, so many must be out of distribution
  int raise_within = 5;
  int clear_after = 25;  ///< as many frames in a row that are not
  /// An alarm is held for so long, and what goes wrong meanwhile is a part of it: from one alarm of a kind to a
  /// camera's next there is at least as long.
  double at_least_s = 60;
  double silent_after_s = 30;  ///< without a frame, the camera itself is an alarm; 0 = never
  /// Where the detector has too few clean images to vouch for the threshold, the camera's own clean days give a
  /// lower one as soon as they vouch for it (docs/monitor-frames.md).
  bool learn_threshold = true;

  friend bool operator==(const AlarmRules&, const AlarmRules&) = default;
};

struct GRADSPACE_API CameraOptions {
  std::string name;  ///< 1 to 64 of letters, digits, '-', '_'; unique
  CameraInput input;
  std::filesystem::path model = {};   ///< where the detector needs one
  std::filesystem::path detector;     ///< of images or of photographs (tiles)
  std::filesystem::path causes = {};  ///< a file that names causes; empty: none are named
  DriftOptions drift;
  /// Drift looks at one frame of so many seconds; 0 = at all. Frames that follow one another closely are alike, and a
  /// window of them is not what the detector was calibrated on, however clean.
  double drift_every_s = 60;
  AlarmRules alarms;

  friend bool operator==(const CameraOptions&, const CameraOptions&) = default;
};

struct GRADSPACE_API MonitorOptions {
  std::vector<CameraOptions> cameras;
  std::filesystem::path
      folder;       ///< state, verdicts, alarms and snapshots; locked while the monitor runs
  int threads = 0;  ///< 0 = all cores
  std::size_t snapshots = 1000;  ///< at most so many pictures of alarms are kept, the newest
  std::uint64_t snapshot_bytes = std::uint64_t{1} << 30;  ///< and at most so many bytes
  std::uint64_t verdict_bytes =
      std::uint64_t{1}
      << 30;  ///< of verdict lines, in files that are begun anew; 0 = none are written

  /// Throws InvalidArgument naming the camera and the field.
  void validate() const;
};

/// What the monitor says of one frame. A row of the JSON lines.
struct FrameVerdict {
  std::string camera;
  std::uint64_t number = 0;  ///< of the camera's frames, from 1, over restarts
  MonitorTime time;          ///< when the frame was read
  std::string frame = {};    ///< a file's name, or empty
  std::string failure =
      {};                ///< one line why the frame could not be judged; then nothing below holds
  double score = 0;      ///< larger = further out of distribution
  double p_value = 1;    ///< among the detector's clean images
  double threshold = 0;  ///< of the alarm's rule
  bool out_of_distribution = false;  ///< score > threshold
  std::string cause = {};  ///< "rain", "unknown"; empty where nothing is wrong or none is asked for
  double latency_s = 0;    ///< from frame read to verdict
  int columns = 0;         ///< of the map; 0: the detector has none
  int rows = 0;
  std::vector<float> tile_p_values = {};  ///< row by row
};

enum class AlarmKind : std::uint8_t { kFrames, kDrift, kSilent };

/// "frames", "drift", "silent".
GRADSPACE_API std::string_view alarm_kind_name(AlarmKind kind);

struct MonitorAlarm {
  std::string
      id;  ///< the same over restarts and deliveries: camera, kind and a number that never comes again
  std::string camera;
  AlarmKind kind = AlarmKind::kFrames;
  MonitorTime raised;
  std::optional<MonitorTime> cleared = {};
  std::optional<MonitorTime> acknowledged = {};
  std::string cause = {};
  double highest_score = 0;
  double lowest_p_value = 1;
  std::string snapshot = {};  ///< a file's name in the folder of snapshots; empty: none
  bool is_written = false;    ///< Monitor::confirm_written was called for the state that it is in
};

/// How a camera is. Counters are over restarts.
struct CameraStatus {
  std::string name;
  std::string detector_method;
  bool connected = false;
  std::string trouble = {};  ///< one line while it is not connected
  std::uint64_t frames = 0;  ///< read, failures included
  std::uint64_t judged = 0;
  std::uint64_t dropped = 0;  ///< a newer one came before its turn
  std::uint64_t failures = 0;
  std::uint64_t out_of_distribution = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t alarms = 0;
  double frames_per_second = 0;  ///< judged, over the last ten seconds
  double threshold = 0;
  double expected_false_alarms_per_day = 0;  ///< at this threshold and frame rate
  /// The calibration has too few clean images to vouch for them: the threshold is a guess (docs/monitor-frames.md).
  bool is_threshold_guessed = false;
  bool is_threshold_learned = false;  ///< of the camera's own clean days
  std::uint64_t drift_windows = 0;
  double drift_p_value = 1;       ///< of the last window
  double drift_budget_spent = 0;  ///< of the rate of false alarms, 0 to 1
  /// Frames that the camera's own reference still waits for; 0 where the detector's clean images are the reference.
  std::size_t drift_reference_missing = 0;
  std::optional<FrameVerdict> newest = {};
  std::vector<MonitorAlarm> open_alarms = {};
};

/// How the monitor itself is.
struct MonitorHealth {
  bool ready = false;              ///< all cameras' detectors are loaded
  bool snapshots_stopped = false;  ///< the disk is full, or does not take them
  bool records_stopped = false;    ///< the same of verdict lines
  std::string trouble = {};
};

/// Hears what happens. Its functions run on the monitor's threads, any of them at the same time, each camera's verdicts
/// in order: be brief, lock what is shared, throw nothing.
class GRADSPACE_API MonitorListener {
 public:
  virtual ~MonitorListener() = default;
  virtual void on_verdict(const FrameVerdict& verdict) = 0;
  /// Raised, cleared or acknowledged. After a restart, alarms whose delivery was not confirmed come again.
  virtual void on_alarm(const MonitorAlarm& alarm) = 0;
  /// The input was found, or lost.
  virtual void on_camera(const CameraStatus& status) = 0;
  /// One line for the log.
  virtual void on_remark(std::string_view camera, std::string_view line) = 0;
};

/// All functions may be called from any thread.
class GRADSPACE_API Monitor {
 public:
  /// Reads models, detectors and state, and locks the folder. Throws InvalidArgument, IoError, FormatError; of a state
  /// that is damaged it says so and goes on without it. The listener outlives the monitor.
  Monitor(const MonitorOptions& options, MonitorListener& listener);
  /// Stops.
  ~Monitor();

  void start();
  /// Ends reading, lets frames that are being judged end, writes the state. Takes less than two seconds.
  void stop();
  /// True when all inputs have ended for good (files, pipes) and their frames are judged.
  bool ended() const;
  /// Cameras that are the same go on without a gap, others end, begin or begin anew. Throws as the constructor does,
  /// and then nothing has changed.
  void reload(const MonitorOptions& options);

  std::vector<CameraStatus> cameras() const;
  MonitorHealth health() const;
  /// The newest first.
  std::vector<MonitorAlarm> alarms(std::size_t at_most) const;
  /// False when there is no such alarm.
  bool acknowledge(std::string_view alarm_id);
  /// `told` has been delivered to all that is outside: the alarm's state need not be told again, unless it has changed
  /// since.
  void confirm_delivery(const MonitorAlarm& told);
  /// `told` stands in the caller's own record of alarms, such as its JSON lines: when the alarm comes again after a
  /// restart because its delivery was not confirmed, it says so.
  void confirm_written(const MonitorAlarm& told);

  enum class Pushed : std::uint8_t { kTaken, kNoSuchCamera, kNotPushed };
  /// A file's bytes (JPEG, PNG ...) as the next frame of a camera of kPush, decoded under the limits of all images.
  /// Throws FormatError when they are no image that can be judged; that counts as a failure.
  Pushed push(std::string_view camera, std::span<const std::uint8_t> file);
  /// The newest frame as a JPEG file at most `width` pixels wide, 0 as wide as it is, with the map laid over it if asked
  /// for; empty when there is none.
  std::vector<std::uint8_t> newest_frame_jpeg(std::string_view camera, int width, bool map) const;
  /// The bytes of a snapshot of an alarm; empty when it is no more there.
  std::vector<std::uint8_t> snapshot(std::string_view alarm_id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
