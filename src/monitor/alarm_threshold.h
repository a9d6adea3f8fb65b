// The score over which a frame counts towards an alarm, so that clean frames raise as few alarms a day as asked.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gradspace/detector.h"
#include "gradspace/monitor.h"

namespace gradspace::monitor {

/// How often clean frames score higher than a threshold: as the calibration says, up to the rate that its images can
/// vouch for, 1 / (n + 1); beyond, by an exponential tail through its highest scores, which is a guess and is called
/// one. Scores that are probabilities are looked at as logits there.
class CleanTail {
 public:
  explicit CleanTail(const Detector& detector);

  /// Whether the detector has clean scores at all.
  bool is_known() const { return count_ > 0; }
  std::size_t count() const { return count_; }
  /// The least rate that the clean scores vouch for.
  double least_vouched() const { return 1 / (static_cast<double>(count_) + 1); }
  /// That which is exceeded at this rate, within (0, 1).
  double threshold(double rate) const;
  /// The rate at which clean frames exceed a threshold.
  double rate(double threshold) const;

 private:
  double to_tail(double score) const;
  double from_tail(double value) const;

  Calibration calibration_;
  bool probabilities_;
  std::size_t count_;
  double begin_ = 0;  ///< of the tail
  double share_ = 1;  ///< of clean scores over it
  double scale_ = 1;  ///< mean excess over it
};

/// The rule's threshold. An alarm takes `raise_after` frames out of distribution that no other alarm has had, so that
/// clean frames raise at most (frames a day) * rate / raise_after alarms on average, however alike frames are that
/// follow one another.
struct AlarmThreshold {
  double threshold = 0;
  double rate = 0;  ///< of clean frames over it; 0 where nothing is known of clean frames
  bool is_guessed = false;
  std::string remark = {};  ///< where the detector can't vouch for what was asked; else empty

  /// `frames_per_second` over 0.
  static AlarmThreshold of(const Detector& detector, const AlarmRules& rules,
                           double frames_per_second);
};

/// What is expected at most of clean frames at so many a second.
double false_alarms_per_day(double rate, double frames_per_second, const AlarmRules& rules);

}  // namespace gradspace::monitor
