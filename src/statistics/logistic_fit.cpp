#include "statistics/logistic_fit.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <unsupported/Eigen/NonLinearOptimization>
#include <utility>
#include <vector>

#include "gradspace/error.h"

namespace gradspace {
namespace {

using Values = std::span<const double>;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kParameters = 5;

/// When a descent ends.
struct Patience {
  double relative_change;  ///< of the squared error and of the parameters
  int evaluations;
};
constexpr Patience kThorough{1e-10, 400};
constexpr Patience kResample{1e-5, 40};  ///< far within the width of an interval

/// Mean and standard deviation; a deviation of 0 becomes 1.
struct Scale {
  double mean = 0;
  double deviation = 1;
};

Scale scale_of(Values values) {
  const Eigen::Map<const VectorXd> v(values.data(), static_cast<Eigen::Index>(values.size()));
  Scale scale;
  scale.mean = v.mean();
  const double deviation =
      std::sqrt((v.array() - scale.mean).square().sum() / static_cast<double>(v.size()));
  // Equal values may differ from their mean by a rounding.
  if (deviation > 1e-14 * std::abs(scale.mean)) {
    scale.deviation = deviation;
  }
  return scale;
}

/// The problem in standardised scores and opinions, where parameters are all of about one size. The
/// logistic is written as b1/2 tanh(b2 (x - b3) / 2), the same function, which can't overflow.
class Residuals {
 public:
  Residuals(Values scores, Values opinions)
      : score_scale_(scale_of(scores)), opinion_scale_(scale_of(opinions)) {
    const auto standardise = [](Values values, const Scale& scale) -> VectorXd {
      const Eigen::Map<const VectorXd> v(values.data(), static_cast<Eigen::Index>(values.size()));
      return (v.array() - scale.mean) / scale.deviation;
    };
    x_ = standardise(scores, score_scale_);
    y_ = standardise(opinions, opinion_scale_);
  }

  int inputs() const { return kParameters; }
  int values() const { return static_cast<int>(x_.size()); }

  int operator()(const VectorXd& b, VectorXd& residuals) const {
    const auto curve = ((x_.array() - b[2]) * (b[1] / 2)).tanh();
    residuals = (curve * (b[0] / 2) + x_.array() * b[3] + b[4] - y_.array()).matrix();
    return 0;
  }

  int df(const VectorXd& b, MatrixXd& jacobian) const {
    const Eigen::ArrayXd from_centre = x_.array() - b[2];
    const Eigen::ArrayXd curve = (from_centre * (b[1] / 2)).tanh();
    const Eigen::ArrayXd slope = (1 - curve.square()) * (b[0] / 4);
    jacobian.col(0) = (curve / 2).matrix();
    jacobian.col(1) = (slope * from_centre).matrix();
    jacobian.col(2) = (slope * -b[1]).matrix();
    jacobian.col(3) = x_;
    jacobian.col(4).setOnes();
    return 0;
  }

  double squared_error(const VectorXd& b) const {
    VectorXd residuals(x_.size());
    (*this)(b, residuals);
    return residuals.squaredNorm();
  }

  /// Least squares without the curve.
  VectorXd line() const {
    const double xx = x_.squaredNorm();
    VectorXd b = VectorXd::Zero(kParameters);
    b[3] = xx > 0 ? x_.dot(y_) / xx : 0.0;
    return b;
  }

  LogisticFit in_units(const VectorXd& b, bool linear) const {
    const double rise = opinion_scale_.deviation;
    const double run = score_scale_.deviation;
    LogisticFit fit;
    fit.linear = linear;
    fit.b = {rise * b[0], b[1] / run, score_scale_.mean + run * b[2], rise * b[3] / run,
             opinion_scale_.mean + rise * (b[4] - b[3] * score_scale_.mean / run)};
    return fit;
  }

  VectorXd standardised(const LogisticFit& fit) const {
    const double rise = opinion_scale_.deviation;
    const double run = score_scale_.deviation;
    VectorXd b(kParameters);
    b << fit.b[0] / rise, fit.b[1] * run, (fit.b[2] - score_scale_.mean) / run,
        fit.b[3] * run / rise,
        (fit.b[4] + fit.b[3] * score_scale_.mean - opinion_scale_.mean) / rise;
    return b;
  }

 private:
  Scale score_scale_;
  Scale opinion_scale_;
  VectorXd x_;
  VectorXd y_;
};

/// The best point of several descents.
class Search {
 public:
  explicit Search(Residuals& problem) : problem_(problem) {}

  void descend_from(VectorXd b, const Patience& patience) {
    Eigen::LevenbergMarquardt<Residuals> descent(problem_);
    descent.parameters.maxfev = patience.evaluations;
    descent.parameters.ftol = patience.relative_change;
    descent.parameters.xtol = patience.relative_change;
    descent.minimize(b);
    const double error = problem_.squared_error(b);
    if (b.allFinite() && error < least_error_) {  // false for NaN
      least_error_ = error;
      best_ = std::move(b);
    }
  }

  LogisticFit result() const {
    const VectorXd line = problem_.line();
    const bool linear = !(least_error_ < problem_.squared_error(line));
    return problem_.in_units(linear ? line : best_, linear);
  }

 private:
  Residuals& problem_;
  double least_error_ = std::numeric_limits<double>::infinity();
  VectorXd best_;
};

void check(Values scores, Values opinions) {
  if (scores.size() != opinions.size() || scores.empty()) {
    throw InvalidArgument(
        fmt::format("logistic fit: {} scores and {} opinions; wanted equally many", scores.size(),
                    opinions.size()));
  }
  for (const Values values : {scores, opinions}) {
    for (const double value : values) {
      if (!std::isfinite(value)) {
        throw InvalidArgument(fmt::format("logistic fit: a value is {}", value));
      }
    }
  }
}

bool needs_line(Values scores) {
  const auto differs = [&](double score) { return score != scores.front(); };
  return scores.size() <= kParameters || std::none_of(scores.begin(), scores.end(), differs);
}

}  // namespace

double LogisticFit::operator()(double score) const {
  return b[0] / 2 * std::tanh(b[1] * (score - b[2]) / 2) + b[3] * score + b[4];
}

LogisticFit fit_logistic(Values scores, Values opinions) {
  check(scores, opinions);
  Residuals problem(scores, opinions);
  Search search(problem);
  if (!needs_line(scores)) {
    // From gentle to steep, with the knee where most scores lie or to either side: some metrics
    // crowd at one end of their range.
    for (const double steepness : {1.0, 4.0}) {
      for (const double knee : {-1.0, 0.0, 1.0}) {
        VectorXd start(kParameters);
        start << std::copysign(2.0, problem.line()[3]), steepness, knee, 0.0, 0.0;
        search.descend_from(start, kThorough);
      }
    }
  }
  return search.result();
}

LogisticFit fit_logistic_from(const LogisticFit& start, Values scores, Values opinions) {
  check(scores, opinions);
  Residuals problem(scores, opinions);
  Search search(problem);
  if (!needs_line(scores) && !start.linear) {
    search.descend_from(problem.standardised(start), kResample);
  }
  return search.result();
}

}  // namespace gradspace
