#include "gradspace/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gradspace/error.h"
#include "statistics/kolmogorov_smirnov.h"

namespace gradspace {
namespace {

/// The largest distance between the distribution functions of the clean scores and of a sorted window.
/// Where clean scores were left out it takes the least that it can be.
double largest_distance(const Calibration& clean, const std::vector<double>& sorted) {
  const auto size = static_cast<double>(sorted.size());
  const auto count = static_cast<double>(clean.count());
  double largest = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t next = i;
    while (next < sorted.size() && sorted[next] == sorted[i]) {
      ++next;
    }
    const auto most_up_to = static_cast<double>(clean.most_up_to(sorted[i]));
    const auto least_below = static_cast<double>(clean.least_below(sorted[i]));
    largest = std::max({largest, static_cast<double>(next) / size - most_up_to / count,
                        least_below / count - static_cast<double>(i) / size});
    i = next;
  }
  return largest;
}

double level_of(std::uint64_t window, double false_alarms) {
  const auto k = static_cast<double>(window);
  return false_alarms / (k * (k + 1));
}

}  // namespace

void DriftOptions::validate() const {
  if (window < 2 || window > kLongestWindow) {
    throw InvalidArgument(
        fmt::format("drift: a window of {} images; 2 to {} are possible", window, kLongestWindow));
  }
  if (!(false_alarms > 0 && false_alarms < 1)) {
    throw InvalidArgument(fmt::format(
        "drift: the rate of false alarms must lie between 0 and 1, not {}", false_alarms));
  }
  if (reference == 1 || reference > kLongestReference) {
    throw InvalidArgument(
        fmt::format("drift: a reference of {} images; 2 to {} are possible, or 0 for the "
                    "detector's clean ones",
                    reference, kLongestReference));
  }
}

DriftMonitor::DriftMonitor(Calibration clean, const DriftOptions& options)
    : clean_(std::move(clean)), options_(options) {
  options_.validate();
  const std::size_t count = options_.reference > 0 ? options_.reference : clean_.count();
  if (count == 0) {
    throw InvalidArgument("drift: the detector holds no clean scores to compare a stream with");
  }
  const double least = kolmogorov_smirnov_p_value(options_.window, count, 1);
  if (least > level_of(1, options_.false_alarms)) {
    throw InvalidArgument(
        fmt::format("drift: a window of {} images and {} clean ones can't show a drift at a rate "
                    "of false alarms of {}; take a longer window",
                    options_.window, count, options_.false_alarms));
  }
}

void DriftMonitor::take_reference(std::vector<double> scores) {
  reference_ = std::move(scores);
  if (options_.reference > 0) {
    clean_ = reference_missing() == 0 ? Calibration(reference_) : Calibration();
  }
}

std::optional<DriftWindow> DriftMonitor::add(double score) {
  if (std::isnan(score)) {
    throw InvalidArgument(fmt::format("drift: the score of image {} is NaN", images_));
  }
  ++images_;
  if (options_.reference > 0) {
    // As a calibration keeps it: a scene that comes again to the last bit scores neither more nor less.
    score = static_cast<double>(static_cast<float>(score));
  }
  if (reference_missing() > 0) {
    reference_.push_back(score);
    take_reference(std::move(reference_));
    return std::nullopt;
  }
  scores_.push_back(score);
  if (scores_.size() < options_.window) {
    return std::nullopt;
  }
  std::ranges::sort(scores_);
  DriftWindow window;
  window.number = ++windows_;
  window.first_image = images_ - scores_.size();
  window.statistic = largest_distance(clean_, scores_);
  window.p_value = kolmogorov_smirnov_p_value(scores_.size(), clean_.count(), window.statistic);
  window.level = level_of(windows_, options_.false_alarms);
  window.median_score = scores_[scores_.size() / 2];
  window.drifted = window.p_value <= window.level;
  scores_.clear();
  return window;
}

void DriftMonitor::restore(const DriftState& state) {
  const auto is_nan = [](double score) { return std::isnan(score); };
  if (state.scores.size() >= options_.window || state.scores.size() > state.images ||
      state.windows > state.images || std::ranges::any_of(state.scores, is_nan)) {
    throw InvalidArgument(
        fmt::format("drift: {} images, {} windows and {} scores of the next one are no state of "
                    "windows of {} images",
                    state.images, state.windows, state.scores.size(), options_.window));
  }
  const std::size_t known = state.reference.size();
  if (known > options_.reference || known > state.images - state.scores.size() ||
      (known < options_.reference && !state.scores.empty()) ||
      std::ranges::any_of(state.reference, is_nan)) {
    throw InvalidArgument(
        fmt::format("drift: {} scores of a reference of {} are no state of {} images and {} scores "
                    "of the next window",
                    known, options_.reference, state.images, state.scores.size()));
  }
  images_ = state.images;
  windows_ = state.windows;
  scores_ = state.scores;
  take_reference(state.reference);
}

}  // namespace gradspace
