// Drift: does a stream of images still look like the clean images a detector was calibrated on?
//
// One odd frame is an outlier; a lens that fogs up shifts the whole distribution of scores, often by
// less than any single frame shows. Each window of the stream is compared with the clean scores by the
// two-sample Kolmogorov-Smirnov test, its p-value exact for both sizes. The rate of false alarms `a` is
// spent over all windows to come: the k-th may use a / (k (k + 1)), which adds up to `a`. So a clean
// stream, however long, raises any alarm with a probability of at most `a`: by the union bound, whatever
// the windows' dependence through the clean scores they share, and however few those are. (A conformal
// test martingale has such a guarantee too, but either against clean scores without end, or by taking the
// stream's own scores into the comparison, drifted ones with them.) What the slow growth of k costs is
// little: the millionth window must be significant at a 1e-12, which a shift soon is.
//
// The clean scores are the calibration's, or, where the stream is to be compared with how it began (a camera that
// sees its own place all its life), those of the stream's own first images. The guarantee is the same, as long as
// these first images were clean and what follows is like them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gradspace/calibration.h"
#include "gradspace/export.h"

namespace gradspace {

struct GRADSPACE_API DriftOptions {
  static constexpr std::size_t kLongestWindow = 1'000'000;
  /// A longer reference would be thinned, and make a state that is written every second long.
  static constexpr std::size_t kLongestReference = 8192;

  /// Images compared at a time, 2 to `kLongestWindow`. Windows do not overlap.
  std::size_t window = 100;
  double false_alarms = 0.01;  ///< probability that a clean stream ever raises an alarm
  /// So many of the stream's first images are what its windows are compared with, 2 to `kLongestReference`; 0: the
  /// calibration's clean ones are.
  std::size_t reference = 0;

  /// Throws InvalidArgument.
  void validate() const;
  friend bool operator==(const DriftOptions&, const DriftOptions&) = default;
};

struct DriftWindow {
  std::uint64_t number = 0;       ///< from 1
  std::uint64_t first_image = 0;  ///< from 0, in the stream
  double statistic = 0;           ///< largest distance of the two distribution functions, 0 to 1
  double p_value = 1;             ///< of so large a distance or a larger one between clean sets
  double level = 0;               ///< a / (k (k + 1)): what this window may use
  double median_score = 0;
  bool drifted = false;  ///< p_value <= level
};

/// How far a stream has come, to be kept over restarts.
struct DriftState {
  std::uint64_t images = 0;
  /// That were filled: each has spent its part of the rate of false alarms.
  std::uint64_t windows = 0;
  /// Of the window that is not full yet.
  std::vector<double> scores = {};
  /// Of the stream's first images, where these are the reference.
  std::vector<double> reference = {};
};

/// For one thread at a time.
class GRADSPACE_API DriftMonitor {
 public:
  /// `clean` may be empty, and is not looked at, where the stream's first images are the reference. Throws
  /// InvalidArgument when reference and window are so small that not even the largest distance would be significant
  /// in the first window.
  DriftMonitor(Calibration clean, const DriftOptions& options);

  /// A window's verdict when `score` fills it. Throws InvalidArgument when it is NaN.
  std::optional<DriftWindow> add(double score);

  DriftState state() const { return {images_, windows_, scores_, reference_}; }
  /// Goes on from there: what follows is what would have followed without a stop. Throws InvalidArgument, and changes
  /// nothing, when the scores fill a window or one is NaN, when there are more of them or of windows than images, or
  /// when a window was begun before the reference was whole.
  void restore(const DriftState& state);

  std::uint64_t images() const { return images_; }
  std::uint64_t windows() const { return windows_; }
  /// How many more of the stream's images belong to its reference.
  std::size_t reference_missing() const { return options_.reference - reference_.size(); }

 private:
  /// What is known of the stream's own reference; when it is whole, it is what windows are compared with.
  void take_reference(std::vector<double> scores);

  Calibration clean_;
  DriftOptions options_;
  std::vector<double> scores_;     ///< of the present window
  std::vector<double> reference_;  ///< the stream's own
  std::uint64_t images_ = 0;
  std::uint64_t windows_ = 0;
};

}  // namespace gradspace
