#include "gradspace/score_video.h"

#include <fmt/format.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/parallel.h"
#include "core/watched.h"
#include "gradspace/error.h"
#include "gradspace/video.h"
#include "jobs/options.h"
#include "jobs/pair_score.h"

namespace gradspace {
namespace {

/// Two frames on their way through the pipeline.
struct FramePair {
  std::uint64_t number = 0;
  Image reference;
  Image distorted;
  PairScore score = {};
};

class VideoScoring {
 public:
  VideoScoring(const QualityMetrics& metrics, const std::filesystem::path& reference,
               const std::filesystem::path& distorted,
               const std::function<void(const FrameScore&)>& on_frame,
               const ScoreVideoOptions& options, const JobObserver& observer)
      : metrics_(metrics),
        reference_name_(reference.string()),
        distorted_name_(distorted.string()),
        reference_(open_video(reference)),
        distorted_(open_video(distorted)),
        on_frame_(on_frame),
        every_(static_cast<std::uint64_t>(options.every)),
        watched_(observer),
        handed_over_(watched_, expected_frames()) {}

  VideoScoreResult score() {
    check_sizes();
    share_matrix();
    remark_on_frame_rates();
    const auto threads = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
    const VideoInfo& info = reference_->info();
    const std::uint64_t fit = kPairMemory / bytes_needed(info.width, info.height, metrics_.size());
    const std::size_t most = std::clamp<std::uint64_t>(fit, 1, threads + 1);
    slots_.resize(most);
    parallel_pipeline<FramePair>(
        most, [&] { return read(); }, [&](FramePair* pair) { pair->score = scores_of(*pair); },
        [&](FramePair* pair) { hand_over(*pair); });
    result_.stopped = watched_.stopped();
    if (shorter_ != nullptr) {
      const std::string& longer = shorter_ == &reference_name_ ? distorted_name_ : reference_name_;
      result_.remark = fmt::format("{} ends before {} does: {} frames were compared", *shorter_,
                                   longer, result_.frames);
    }
    return result_;
  }

 private:
  std::size_t expected_frames() const {
    const auto& a = reference_->info().frames;
    const auto& b = distorted_->info().frames;
    const std::uint64_t frames = a && b ? std::min(*a, *b) : a ? *a : b.value_or(0);
    return (frames + every_ - 1) / every_;
  }

  void check_sizes() const {
    const VideoInfo& ours = reference_->info();
    const VideoInfo& theirs = distorted_->info();
    if (ours.width != theirs.width || ours.height != theirs.height) {
      throw InvalidArgument(
          fmt::format("iqa: reference is {}x{} but distorted is {}x{} ({}); sizes must match",
                      ours.width, ours.height, theirs.width, theirs.height, distorted_name_));
    }
  }

  /// Two videos of one scene have one matrix, though only one of them may name it.
  void share_matrix() {
    const std::optional<ColourMatrix> ours = reference_->info().matrix;
    const std::optional<ColourMatrix> theirs = distorted_->info().matrix;
    if (ours && !theirs) {
      distorted_->assume_matrix(*ours);
    } else if (theirs && !ours) {
      reference_->assume_matrix(*theirs);
    }
  }

  void remark_on_frame_rates() {
    const double a = reference_->info().frames_per_second;
    const double b = distorted_->info().frames_per_second;
    if (a > 0 && b > 0 && std::abs(a - b) > 1e-3 * a) {
      watched_.remark(
          fmt::format("{} has {:.6g} frames a second, {} {:.6g}: frames are paired by their number",
                      reference_name_, a, distorted_name_, b));
    }
  }

  /// The next pair that is to be compared; null at the end.
  FramePair* read() {
    if (watched_.stop()) {
      return nullptr;
    }
    std::optional<VideoFrame> ours;
    std::optional<VideoFrame> theirs;
    result_.failure = failure_of(reference_name_, [&] {
      if (pass_over()) {
        ours = reference_->next();
        theirs = distorted_->next();
        note_lengths(ours.has_value(), theirs.has_value());
      }
    });
    if (!result_.failure.empty() || !ours || !theirs) {
      return nullptr;
    }
    // Pairs leave in their order: when this one comes, the one that had its slot has left.
    std::optional<FramePair>& slot = slots_[result_.frames++ % slots_.size()];
    slot.emplace(FramePair{ours->number, std::move(ours->image), std::move(theirs->image)});
    return &*slot;
  }

  /// Passes over the frames between those that are compared; false where a video ends.
  bool pass_over() {
    for (std::uint64_t i = 1; !at_begin_ && i < every_; ++i) {
      const bool ours = reference_->skip();
      const bool theirs = distorted_->skip();
      note_lengths(ours, theirs);
      if (!ours || !theirs) {
        return false;
      }
    }
    at_begin_ = false;
    return true;
  }

  void note_lengths(bool ours, bool theirs) {
    if (ours != theirs) {
      shorter_ = ours ? &distorted_name_ : &reference_name_;
    }
  }

  PairScore scores_of(FramePair& pair) const {
    const auto named = [&](Image& image, const std::string& video) {
      return std::make_shared<const QualityImage>(std::move(image),
                                                  fmt::format("{}: frame {}", video, pair.number));
    };
    const SharedImage reference = named(pair.reference, reference_name_);
    const SharedImage distorted = named(pair.distorted, distorted_name_);
    PairScore result;
    for (const auto& metric : metrics_) {
      result.scores.push_back(score_of(prepared(*metric, reference), *distorted));
    }
    if (std::ranges::none_of(result.scores,
                             [](const MetricScore& score) { return score.value.has_value(); })) {
      result.failure = reasons_of(result.scores);
      result.scores.clear();
    }
    return result;
  }

  void hand_over(FramePair& pair) {
    handed_over_.add([&] { on_frame_({pair.number, std::move(pair.score)}); });
  }

  const QualityMetrics& metrics_;
  std::string reference_name_;
  std::string distorted_name_;
  std::unique_ptr<VideoReader> reference_;
  std::unique_ptr<VideoReader> distorted_;
  const std::function<void(const FrameScore&)>& on_frame_;
  std::uint64_t every_;
  Watched watched_;
  Counted handed_over_;
  std::vector<std::optional<FramePair>> slots_;
  VideoScoreResult result_;
  bool at_begin_ = true;
  const std::string* shorter_ = nullptr;  ///< the video that ends before the other
};

}  // namespace

void ScoreVideoOptions::validate() const {
  require_threads(threads, "iqa");
  if (every < 1) {
    throw InvalidArgument(fmt::format("iqa: every {}-th frame; must be at least 1", every));
  }
}

VideoScoreResult score_video(const QualityMetrics& metrics, const std::filesystem::path& reference,
                             const std::filesystem::path& distorted,
                             const std::function<void(const FrameScore&)>& on_frame,
                             const ScoreVideoOptions& options, const JobObserver& observer) {
  options.validate();
  return in_arena(options.threads, [&] {
    return VideoScoring(metrics, reference, distorted, on_frame, options, observer).score();
  });
}

ScorePool::ScorePool(const QualityMetricInfo& metric)
    : larger_is_better_(metric.larger_is_better),
      limited_(std::isinf(metric.of_identical_images)) {}

void ScorePool::add(std::uint64_t frame, double value) {
  constexpr double kMostPsnr = 60;
  value = limited_ ? std::min(value, kMostPsnr) : value;
  const bool is_first = pool_.frames == 0;
  if (is_first || (larger_is_better_ ? value < pool_.minimum : value > pool_.maximum)) {
    pool_.worst_frame = frame;
  }
  pool_.minimum = is_first ? value : std::min(pool_.minimum, value);
  pool_.maximum = is_first ? value : std::max(pool_.maximum, value);
  ++pool_.frames;
  sum_ += value;
  if (value > -1) {
    inverse_sum_ += 1 / (value + 1);
  } else {
    has_harmonic_mean_ = false;
  }
}

std::optional<PooledScore> ScorePool::pooled() const {
  if (pool_.frames == 0) {
    return std::nullopt;
  }
  PooledScore result = pool_;
  const auto count = static_cast<double>(pool_.frames);
  result.mean = sum_ / count;
  if (has_harmonic_mean_) {
    result.harmonic_mean = count / inverse_sum_ - 1;
  }
  return result;
}

}  // namespace gradspace
