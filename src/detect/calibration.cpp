#include "gradspace/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr const char* kScores = "calibration.clean_scores";
constexpr const char* kRanks = "calibration.ranks";
constexpr std::size_t kKeepAll = 8192;
constexpr std::size_t kKeepAtEachEnd = 2048;
/// Ranks are written as float32, which counts up to here without a gap.
constexpr std::size_t kMaxCount = std::size_t{1} << 24;

/// The least float32 that is not under `value`.
float round_up(double value) {
  const auto nearest = static_cast<float>(value);
  return static_cast<double>(nearest) < value
             ? std::nextafter(nearest, std::numeric_limits<float>::infinity())
             : nearest;
}

/// Which of `count` sorted scores are kept (positions from 0, ascending).
std::vector<std::size_t> kept_positions(std::size_t count) {
  std::vector<std::size_t> positions;
  const std::size_t middle = count - std::min(count, 2 * kKeepAtEachEnd);
  const std::size_t room = kKeepAll - 2 * kKeepAtEachEnd;
  const std::size_t step =
      count <= kKeepAll ? 1 : std::max<std::size_t>(1, (middle + room - 1) / room);
  for (std::size_t i = 0; i < count; ++i) {
    const bool at_an_end = i < kKeepAtEachEnd || i + kKeepAtEachEnd >= count;
    if (at_an_end || (i - kKeepAtEachEnd) % step == step - 1) {
      positions.push_back(i);
    }
  }
  return positions;
}

}  // namespace

std::size_t conformal_rank(std::size_t count, double false_alarms) {
  if (!(false_alarms > 0 && false_alarms < 1)) {
    throw InvalidArgument(fmt::format(
        "calibration: the rate of false alarms must lie between 0 and 1, not {}", false_alarms));
  }
  const double rank = std::ceil((1 - false_alarms) * (static_cast<double>(count) + 1));
  if (rank > static_cast<double>(count)) {
    throw InvalidArgument(
        fmt::format("calibration: a rate of false alarms of {} takes at least {:.0f} clean images, "
                    "there are {}",
                    false_alarms, std::ceil(1 / false_alarms) - 1, count));
  }
  return std::max<std::size_t>(1, static_cast<std::size_t>(rank));
}

Calibration::Calibration(std::span<const double> clean_scores) : count_(clean_scores.size()) {
  if (count_ > kMaxCount) {
    throw InvalidArgument(
        fmt::format("calibration: {} clean scores, at most {} are possible", count_, kMaxCount));
  }
  std::vector<double> sorted(clean_scores.begin(), clean_scores.end());
  if (std::ranges::any_of(sorted, [](double score) { return std::isnan(score); })) {
    throw InvalidArgument("calibration: a clean image's score is NaN");
  }
  std::ranges::sort(sorted);
  for (const std::size_t position : kept_positions(count_)) {
    scores_.push_back(round_up(sorted[position]));
    ranks_.push_back(static_cast<std::uint32_t>(position + 1));
  }
}

double Calibration::threshold(double false_alarms) const {
  const std::size_t rank = conformal_rank(count_, false_alarms);
  const auto kept = std::ranges::lower_bound(ranks_, rank);
  return scores_[static_cast<std::size_t>(kept - ranks_.begin())];
}

double Calibration::p_value(double score) const {
  return static_cast<double>(1 + count_ - least_below(score)) / static_cast<double>(count_ + 1);
}

std::size_t Calibration::most_up_to(double score) const {
  const auto above = std::ranges::upper_bound(scores_, round_up(score));
  return above == scores_.end() ? count_
                                : ranks_[static_cast<std::size_t>(above - scores_.begin())] - 1;
}

std::size_t Calibration::least_below(double score) const {
  const auto first = std::ranges::lower_bound(scores_, round_up(score));
  return first == scores_.begin() ? 0
                                  : ranks_[static_cast<std::size_t>(first - scores_.begin()) - 1];
}

TensorMap Calibration::tensors() const {
  const auto size = static_cast<std::int64_t>(scores_.size());
  TensorMap tensors;
  tensors[kScores] = {{size}, {scores_.begin(), scores_.end()}};
  tensors[kRanks].shape = {size};
  for (const std::uint32_t rank : ranks_) {
    tensors[kRanks].values.push_back(static_cast<float>(rank));
  }
  return tensors;
}

Calibration Calibration::take_from(TensorMap& tensors) {
  auto scores = tensors.extract(kScores);
  auto ranks = tensors.extract(kRanks);
  Calibration calibration;
  if (scores.empty()) {
    return calibration;
  }
  calibration.scores_ = std::move(scores.mapped().values);
  const std::size_t size = calibration.scores_.size();
  for (std::size_t i = 0; i < size; ++i) {
    const bool given = !ranks.empty() && i < ranks.mapped().values.size();
    const float rank = given ? ranks.mapped().values[i] : static_cast<float>(i + 1);
    const bool counts = rank >= 1 && rank <= static_cast<float>(kMaxCount) &&
                        (i == 0 || rank > static_cast<float>(calibration.ranks_.back()));
    const bool sorted = i == 0 ? !std::isnan(calibration.scores_[0])
                               : calibration.scores_[i] >= calibration.scores_[i - 1];
    if (!counts || !sorted) {
      throw InvalidArgument("calibration: the clean scores are not in order");
    }
    calibration.ranks_.push_back(static_cast<std::uint32_t>(rank));
  }
  calibration.count_ = size == 0 ? 0 : calibration.ranks_.back();
  return calibration;
}

}  // namespace gradspace
