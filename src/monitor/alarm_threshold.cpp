#include "monitor/alarm_threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradspace/tensor.h"

namespace gradspace::monitor {
namespace {

constexpr double kSecondsADay = 86400;
/// The tail is that of a tenth of the clean scores, but of so many at least.
constexpr std::size_t kLeastTail = 10;
/// Probabilities are kept from 0 and 1, so that their logits are finite.
constexpr double kClosest = 1e-7;

double logit(double probability) {
  const double p = std::clamp(probability, kClosest, 1 - kClosest);
  return std::log(p / (1 - p));
}

/// The clean scores as they are kept, ascending; the highest of them are all there.
std::vector<float> kept_scores(const Calibration& calibration) {
  const TensorMap tensors = calibration.tensors();
  const auto found = tensors.find("calibration.clean_scores");
  return found == tensors.end() ? std::vector<float>() : found->second.values;
}

}  // namespace

CleanTail::CleanTail(const Detector& detector)
    : calibration_(detector.calibration),
      probabilities_(detector.method == "classifier" && detector.two_sided.empty()),
      count_(detector.calibration.count()) {
  if (!is_known()) {
    return;
  }
  const std::vector<float> scores = kept_scores(calibration_);
  const std::size_t wanted = std::max(kLeastTail, std::min<std::size_t>(count_ / 10, 2000));
  const std::size_t size = std::min(wanted, scores.size() - 1);
  begin_ = to_tail(scores[scores.size() - 1 - size]);
  share_ = static_cast<double>(std::max<std::size_t>(size, 1)) / (static_cast<double>(count_) + 1);
  double excess = 0;
  for (std::size_t i = scores.size() - size; i < scores.size(); ++i) {
    excess += to_tail(scores[i]) - begin_;
  }
  scale_ = size == 0 ? 0 : excess / static_cast<double>(size);
}

double CleanTail::to_tail(double score) const {
  return probabilities_ ? logit(score) : score;
}

double CleanTail::from_tail(double value) const {
  return probabilities_ ? 1 / (1 + std::exp(-value)) : value;
}

double CleanTail::threshold(double rate) const {
  if (rate >= least_vouched()) {
    return calibration_.threshold(rate);
  }
  const double guessed = from_tail(begin_ + scale_ * std::log(share_ / rate));
  return std::max(guessed, calibration_.highest());
}

double CleanTail::rate(double threshold) const {
  if (threshold < calibration_.highest()) {
    return calibration_.p_value(threshold);
  }
  const double guessed =
      scale_ > 0 ? share_ * std::exp(-(to_tail(threshold) - begin_) / scale_) : 0;
  return std::min(guessed, least_vouched());
}

AlarmThreshold AlarmThreshold::of(const Detector& detector, const AlarmRules& rules,
                                  double frames_per_second) {
  const CleanTail tail(detector);
  if (!tail.is_known()) {
    return {
        detector.threshold, 0, false,
        "the detector holds no scores of clean images: its own threshold is taken, and nothing is "
        "known of false alarms"};
  }
  const double frames_a_day = frames_per_second * kSecondsADay;
  const double wanted = rules.false_alarms_per_day * rules.raise_after / frames_a_day;
  const double rate = std::min(wanted, 0.5);
  AlarmThreshold result{tail.threshold(rate), rate, rate < tail.least_vouched(), {}};
  if (result.is_guessed) {
    result.remark = fmt::format(
        "{:.3g} false alarms a day at {:.3g} frames a second need {:.0f} clean images to vouch for "
        "them; the "
        "detector has {}, which vouch for {:.3g} a day: the threshold of {:.5g} is an exponential "
        "tail's guess",
        rules.false_alarms_per_day, frames_per_second, std::ceil(1 / rate) - 1, tail.count(),
        false_alarms_per_day(tail.least_vouched(), frames_per_second, rules), result.threshold);
  }
  return result;
}

double false_alarms_per_day(double rate, double frames_per_second, const AlarmRules& rules) {
  return rate * frames_per_second * kSecondsADay / rules.raise_after;
}

}  // namespace gradspace::monitor
