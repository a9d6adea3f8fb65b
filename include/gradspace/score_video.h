// Scores the quality of a video beside its reference, frame by frame, on all cores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "gradspace/export.h"
#include "gradspace/job_observer.h"
#include "gradspace/quality.h"
#include "gradspace/score_pairs.h"

namespace gradspace {

struct GRADSPACE_API ScoreVideoOptions {
  int threads = 0;  ///< 0 = all cores
  int every = 1;    ///< compare each n-th frame alone, beginning with the first

  /// Throws InvalidArgument.
  void validate() const;
};

/// What became of the frames with one number in both videos.
struct FrameScore {
  std::uint64_t frame = 0;  ///< from 0, frames that were passed over counted
  PairScore score;
};

struct VideoScoreResult {
  std::size_t frames = 0;  ///< compared
  /// Why one of the videos could not be read to its end, a line; the frames before were compared.
  std::string failure;
  /// "b.y4m ends before a.y4m does: 12 frames were compared", where the lengths differ; else empty.
  std::string remark;
  bool stopped = false;  ///< by the observer
};

/// Compares the frames of two videos that have the same number: time stamps are of no account. Frames are decoded
/// once, and as many wait as threads want and 1 GiB allows. `on_frame` is called once a pair of frames, in their order,
/// one call at a time with the observer's functions; progress comes after it, its total 0 where the length is not
/// known. Scores do not depend on the number of threads. Throws IoError, FormatError where a video can't be opened,
/// InvalidArgument where their sizes differ.
GRADSPACE_API VideoScoreResult
score_video(const QualityMetrics& metrics, const std::filesystem::path& reference,
            const std::filesystem::path& distorted,
            const std::function<void(const FrameScore& frame)>& on_frame,
            const ScoreVideoOptions& options = {}, const JobObserver& observer = {});

/// A metric's values over a video's frames.
struct PooledScore {
  std::size_t frames = 0;  ///< that have a value
  double mean = 0;
  /// n / sum(1 / (value + 1)) - 1, as libvmaf defines it; none where a value is -1 or less.
  std::optional<double> harmonic_mean;
  double minimum = 0;
  double maximum = 0;
  std::uint64_t worst_frame =
      0;  ///< the first with the minimum, or the maximum where smaller is better
};

/// Pools the values of a metric in the order of the frames. Frames of PSNR count as 60 dB where they have more, as
/// those without a difference do, which have infinitely much: libvmaf's limit for 8 bits.
class GRADSPACE_API ScorePool {
 public:
  explicit ScorePool(const QualityMetricInfo& metric);

  void add(std::uint64_t frame, double value);
  /// Nothing where no value was added.
  std::optional<PooledScore> pooled() const;

 private:
  bool larger_is_better_;
  bool limited_;
  PooledScore pool_;
  double sum_ = 0;
  double inverse_sum_ = 0;
  bool has_harmonic_mean_ = true;
};

}  // namespace gradspace
