#include "gradspace/metrics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gradspace/calibration.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// How many positives and negatives score at least as high as one distinct score.
struct CurvePoint {
  double true_positives;
  double false_positives;
};

/// One point a distinct score, from the highest to the lowest; `sign` -1 turns the scores round.
std::vector<CurvePoint> detection_curve(std::span<const double> positive,
                                        std::span<const double> negative, double sign) {
  struct Scored {
    double score;
    bool positive;
  };
  std::vector<Scored> all;
  all.reserve(positive.size() + negative.size());
  for (const double score : positive) {
    all.push_back({sign * score, true});
  }
  for (const double score : negative) {
    all.push_back({sign * score, false});
  }
  std::sort(all.begin(), all.end(),
            [](const Scored& a, const Scored& b) { return a.score > b.score; });

  std::vector<CurvePoint> curve;
  CurvePoint point{0, 0};
  for (std::size_t i = 0; i < all.size(); ++i) {
    (all[i].positive ? point.true_positives : point.false_positives) += 1;
    if (i + 1 == all.size() || all[i + 1].score != all[i].score) {
      curve.push_back(point);
    }
  }
  return curve;
}

double area_under_roc(const std::vector<CurvePoint>& curve) {
  // Trapezoids: a tie between a positive and a negative counts half.
  double area = 0;
  CurvePoint last{0, 0};
  for (const CurvePoint& point : curve) {
    area += (point.false_positives - last.false_positives) *
            (point.true_positives + last.true_positives) / 2;
    last = point;
  }
  return area / (last.true_positives * last.false_positives);
}

double average_precision(const std::vector<CurvePoint>& curve) {
  double sum = 0;
  double last_true_positives = 0;
  for (const CurvePoint& point : curve) {
    sum += (point.true_positives - last_true_positives) * point.true_positives /
           (point.true_positives + point.false_positives);
    last_true_positives = point.true_positives;
  }
  return sum / last_true_positives;
}

double false_positive_rate_at_95(const std::vector<CurvePoint>& curve) {
  constexpr double kTruePositiveRate = 0.95;
  // Both rates only grow along the curve, so the first point that qualifies is the smallest.
  for (const CurvePoint& point : curve) {
    if (point.true_positives / curve.back().true_positives >= kTruePositiveRate) {
      return point.false_positives / curve.back().false_positives;
    }
  }
  return 1;
}

double least_error(const std::vector<CurvePoint>& curve) {
  double least = 0.5;  // nothing is called positive
  for (const CurvePoint& point : curve) {
    const double missed = 1 - point.true_positives / curve.back().true_positives;
    const double false_alarms = point.false_positives / curve.back().false_positives;
    least = std::min(least, (missed + false_alarms) / 2);
  }
  return least;
}

void require_scores(std::span<const double> scores, const char* which) {
  if (scores.empty()) {
    throw InvalidArgument(std::string("metrics: there are no ") + which + " scores");
  }
  if (std::any_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); })) {
    throw InvalidArgument(std::string("metrics: a score of the ") + which + " images is NaN");
  }
}

}  // namespace

DetectionMetrics detection_metrics(std::span<const double> in_scores,
                                   std::span<const double> out_scores, double threshold) {
  require_scores(in_scores, "in-distribution");
  require_scores(out_scores, "out-of-distribution");

  const auto called_in = [threshold](double score) { return score <= threshold; };
  const auto share_called_in = [&](std::span<const double> scores) {
    return static_cast<double>(std::count_if(scores.begin(), scores.end(), called_in)) /
           static_cast<double>(scores.size());
  };
  const std::vector<CurvePoint> out_positive = detection_curve(out_scores, in_scores, 1);
  const std::vector<CurvePoint> in_positive = detection_curve(in_scores, out_scores, -1);

  DetectionMetrics metrics;
  metrics.accuracy = (share_called_in(in_scores) + 1 - share_called_in(out_scores)) / 2;
  metrics.auroc = area_under_roc(out_positive);
  metrics.aupr_in = average_precision(in_positive);
  metrics.aupr_out = average_precision(out_positive);
  metrics.fpr95_in_positive = false_positive_rate_at_95(in_positive);
  metrics.fpr95_ood_positive = false_positive_rate_at_95(out_positive);
  metrics.detection_error = least_error(out_positive);
  metrics.n_in = in_scores.size();
  metrics.n_out = out_scores.size();
  return metrics;
}

double calibrate_threshold(std::span<const double> in_scores, double false_alarms) {
  require_scores(in_scores, "in-distribution");
  const std::size_t rank = conformal_rank(in_scores.size(), false_alarms);
  std::vector<double> sorted(in_scores.begin(), in_scores.end());
  const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(sorted.begin(), nth, sorted.end());
  return *nth;
}

}  // namespace gradspace
