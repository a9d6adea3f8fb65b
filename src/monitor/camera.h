// One camera: the thread that reads it, the slot of its newest frame, and what it has come to.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gradspace/monitor.h"
#include "monitor/alarm_book.h"
#include "monitor/alarm_threshold.h"
#include "monitor/camera_record.h"
#include "monitor/clock.h"
#include "monitor/frame_reader.h"
#include "monitor/judge.h"
#include "monitor/rate_meter.h"
#include "monitor/ready_queue.h"
#include "monitor/snapshots.h"

namespace gradspace::monitor {

/// What all cameras of a monitor share. It outlives them.
struct MonitorParts {
  Clock& clock;
  MonitorListener& listener;
  AlarmBook& alarms;
  Snapshots& snapshots;
  ReadyQueue& ready;
};

/// Thread-safe.
class Camera : public std::enable_shared_from_this<Camera> {
 public:
  /// Reads model and detector. Throws IoError, FormatError, InvalidArgument.
  Camera(const CameraOptions& options, const MonitorParts& parts, RecordFiles files);
  ~Camera();
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  const CameraOptions& options() const { return options_; }
  /// Whether a camera of these options would be the same: of the same detector's files, unchanged, too.
  bool is_as(const CameraOptions& options) const;

  /// Reads what the camera had come to. Call once, before anything below.
  void restore();
  /// Begins to read frames.
  void start();
  void request_stop();
  /// Waits for the reading thread, and writes the state. No worker judges any more.
  void finish();
  /// The same while workers go on: waits for the one that has this camera.
  void retire();

  /// Gives the camera a frame that was pushed.
  void push(LiveFrame frame);
  /// Judges the frame that waits, on a worker's thread. The camera was in the ready queue.
  void judge_waiting();
  /// Looks for what no frame tells: that none comes. Writes the state. To be called a few times a second.
  void tick();

  bool is_ended() const;
  CameraStatus status() const;
  bool records_stopped() const;
  std::vector<std::uint8_t> newest_jpeg(int width, bool map) const;

 private:
  struct Newest {
    std::shared_ptr<const Image> image;
    std::shared_ptr<const PhotographScore> score;
    FrameVerdict verdict;
  };

  void read_frames();
  /// Opens the input and reads until it ends; true when it has ended for good.
  bool read_until_end(std::chrono::nanoseconds& pause);
  void set_connected(double frames_per_second);
  void set_lost(const std::string& why);
  void set_rate(double frames_per_second);
  void say_threshold() const;
  /// What the camera's own clean days vouch for, where that is in force; the mutex is held.
  std::optional<CleanMinutes::Vouched> learned_threshold() const;
  double threshold_in_force() const;
  void say_learned(bool before) const;
  /// `newest_wins`: a frame that waits is dropped; otherwise this waits until it is taken.
  void put(LiveFrame frame, bool newest_wins);
  void judge(LiveFrame frame, std::uint64_t number);
  /// What the detector says; the verdict's failure where it can't.
  void look_at(LiveFrame& frame, FrameVerdict& verdict, Newest& newest);
  void note(const FrameVerdict& verdict, const Newest& newest);
  void change_alarms(const FrameVerdict& verdict, const RecordChange& change, const Newest& newest);
  void raise(AlarmKind kind, const FrameVerdict& verdict, const Newest& newest);
  void clear(AlarmKind kind, MonitorTime time, std::uint64_t frame);
  void tell(const MonitorAlarm& alarm) const;
  void reopen_holds(SteadyTime now);
  void remark(const std::string& line) const;

  const CameraOptions options_;
  const std::string files_state_;  ///< of model, detector and causes when they were read
  MonitorParts parts_;
  FrameJudge judge_;
  StopSignal stop_;
  std::thread thread_;
  bool restoring_ = false;  ///< before any thread runs

  mutable std::mutex mutex_;
  std::condition_variable taken_;
  std::optional<LiveFrame> waiting_;
  std::uint64_t waiting_number_ = 0;
  std::deque<std::pair<std::uint64_t, LiveFrame>>
      failures_;         ///< frames that could not be read, with their numbers
  bool queued_ = false;  ///< in the ready queue, or being judged
  bool judging_ = false;
  bool retired_ = false;  ///< it is judged no more
  bool ended_ = false;
  bool connected_ = false;
  bool was_connected_ = false;
  std::optional<MonitorTime> lost_at_;
  std::string trouble_;
  double nominal_rate_ = 1;  ///< frames a second that the threshold is for
  AlarmThreshold threshold_;
  FrameSampler push_sampler_;
  CameraRecord record_;
  RateMeter rate_;
  AlarmHold silent_hold_;
  bool frame_came_ = false;
  SteadyTime last_frame_ = {};
  SteadyTime state_written_ = {};
  bool changed_ = false;  ///< since the state was written
  /// The record knows of a frame whose alarm, if it has one, is not in the journal yet: no state is written now.
  bool deciding_ = false;
  Newest newest_;
};

}  // namespace gradspace::monitor
