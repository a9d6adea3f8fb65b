#include "gradspace/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr double kMaxProduct = 4294967296.0;

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
  if (window < 2 || window > 1'000'000) {
    throw InvalidArgument(
        fmt::format("drift: a window of {} images; 2 to 1000000 are possible", window));
  }
  if (!(false_alarms > 0 && false_alarms < 1)) {
    throw InvalidArgument(fmt::format(
        "drift: the rate of false alarms must lie between 0 and 1, not {}", false_alarms));
  }
}

double kolmogorov_smirnov_p_value(std::size_t a, std::size_t b, double distance) {
  if (a == 0 || b == 0 || static_cast<double>(a) * static_cast<double>(b) > kMaxProduct) {
    throw InvalidArgument(fmt::format("drift: {} scores can't be compared with {}", a, b));
  }
  // outside[k]: of all orders in which i values of one sample and k of the other can come, the share
  // whose distribution functions are `distance` apart somewhere. Tiny shares stay exact this way.
  const auto rows = static_cast<double>(a);
  const auto columns = static_cast<double>(b);
  const double limit = distance - 1e-10;  // distances are multiples of 1 / (a b)
  const auto is_outside = [&](std::size_t i, std::size_t k) {
    return std::abs(static_cast<double>(i) / rows - static_cast<double>(k) / columns) >= limit;
  };
  std::vector<double> outside(b + 1);
  for (std::size_t i = 0; i <= a; ++i) {
    for (std::size_t k = 0; k <= b; ++k) {
      if (is_outside(i, k)) {
        outside[k] = 1;
        continue;
      }
      if (i + k == 0) {
        outside[k] = 0;
        continue;
      }
      const auto from_row = static_cast<double>(i);
      const auto from_column = static_cast<double>(k);
      const double before = k == 0 ? 0 : outside[k - 1];
      outside[k] = (outside[k] * from_row + before * from_column) / (from_row + from_column);
    }
  }
  return outside[b];
}

DriftMonitor::DriftMonitor(Calibration clean, const DriftOptions& options)
    : clean_(std::move(clean)), options_(options) {
  options_.validate();
  if (clean_.empty()) {
    throw InvalidArgument("drift: the detector holds no clean scores to compare a stream with");
  }
  const double least = kolmogorov_smirnov_p_value(options_.window, clean_.count(), 1);
  if (least > level_of(1, options_.false_alarms)) {
    throw InvalidArgument(
        fmt::format("drift: a window of {} images and {} clean ones can't show a drift at a rate "
                    "of false alarms "
                    "of {}; take a longer window",
                    options_.window, clean_.count(), options_.false_alarms));
  }
}

std::optional<DriftWindow> DriftMonitor::add(double score) {
  if (std::isnan(score)) {
    throw InvalidArgument(fmt::format("drift: the score of image {} is NaN", images_));
  }
  scores_.push_back(score);
  ++images_;
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

}  // namespace gradspace
