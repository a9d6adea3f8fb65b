#include "gradspace/agreement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/parallel.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "statistics/logistic_fit.h"
#include "statistics/sample_quantile.h"

namespace gradspace {
namespace {

using Values = std::span<const double>;

constexpr double kOutlierDeviations = 2;

struct Sample {
  Values scores;
  Values opinions;
  Values deviations;
};

/// The figures of one sample.
struct Figures {
  std::optional<double> srocc;
  std::optional<double> krocc;
  std::optional<double> plcc;
  std::optional<double> rmse;
  std::optional<double> outlier_ratio;
};

Figures measure(const Sample& sample, const LogisticFit& fit, double sign) {
  const auto turned = [sign](std::optional<double> value) {
    return value ? std::optional(sign * *value) : std::nullopt;
  };
  Figures figures;
  figures.srocc = turned(spearman_correlation(sample.scores, sample.opinions));
  figures.krocc = turned(kendall_correlation(sample.scores, sample.opinions));
  std::vector<double> fitted(sample.scores.size());
  std::transform(sample.scores.begin(), sample.scores.end(), fitted.begin(), fit);
  figures.plcc = pearson_correlation(fitted, sample.opinions);
  double squares = 0;
  std::size_t outliers = 0;
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    const double error = std::abs(fitted[i] - sample.opinions[i]);
    squares += error * error;
    outliers += !sample.deviations.empty() && error > kOutlierDeviations * sample.deviations[i];
  }
  const auto n = static_cast<double>(fitted.size());
  figures.rmse = std::sqrt(squares / n);
  if (!sample.deviations.empty()) {
    figures.outlier_ratio = static_cast<double>(outliers) / n;
  }
  return figures;
}

/// A sample of as many images, drawn with replacement.
class Resample {
 public:
  Resample(const Sample& from, std::uint64_t seed) {
    Random random(seed);
    const std::size_t n = from.scores.size();
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t drawn = random.below(n);
      scores_.push_back(from.scores[drawn]);
      opinions_.push_back(from.opinions[drawn]);
      if (!from.deviations.empty()) {
        deviations_.push_back(from.deviations[drawn]);
      }
    }
  }

  Sample view() const { return {scores_, opinions_, deviations_}; }

 private:
  std::vector<double> scores_;
  std::vector<double> opinions_;
  std::vector<double> deviations_;
};

std::optional<Estimate> estimate(const Figures& all, const std::vector<Figures>& resamples,
                                 std::optional<double> Figures::*figure, double confidence) {
  if (!(all.*figure)) {
    return std::nullopt;
  }
  std::vector<double> values;
  for (const Figures& resample : resamples) {
    if (resample.*figure) {  // a resample of one image again and again has no correlation
      values.push_back(*(resample.*figure));
    }
  }
  if (values.empty()) {
    values.push_back(*(all.*figure));
  }
  std::sort(values.begin(), values.end());
  return Estimate{*(all.*figure), sample_quantile(values, (1 - confidence) / 2),
                  sample_quantile(values, (1 + confidence) / 2)};
}

void check_sample(const Sample& sample) {
  const std::size_t n = sample.scores.size();
  if (sample.opinions.size() != n || n == 0 ||
      (!sample.deviations.empty() && sample.deviations.size() != n)) {
    throw InvalidArgument(fmt::format(
        "agreement: {} scores, {} opinions, {} deviations; wanted equally many (or no deviations)",
        n, sample.opinions.size(), sample.deviations.size()));
  }
  for (const double deviation : sample.deviations) {
    if (!std::isfinite(deviation) || deviation < 0) {
      throw InvalidArgument(fmt::format("agreement: a deviation of opinion is {}", deviation));
    }
  }
}

}  // namespace

void AgreementOptions::validate() const {
  if (resamples < 0) {
    throw InvalidArgument(fmt::format("agreement: {} resamples; must be 0 or more", resamples));
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw InvalidArgument(
        fmt::format("agreement: confidence {}; must be over 0 and under 1", confidence));
  }
}

Agreement agreement(Values scores, Values opinions, Values deviations,
                    const AgreementOptions& options) {
  options.validate();
  const Sample sample{scores, opinions, deviations};
  check_sample(sample);
  const double sign = options.larger_is_better ? 1 : -1;
  Agreement result;
  result.n = scores.size();
  result.fit = fit_logistic(scores, opinions);
  const Figures all = measure(sample, result.fit, sign);

  std::vector<Figures> resamples(static_cast<std::size_t>(options.resamples));
  parallel_for(resamples.size(), [&](std::size_t i) {
    const Resample drawn(sample, combine(options.seed, i));
    const Sample view = drawn.view();
    resamples[i] = measure(view, fit_logistic_from(result.fit, view.scores, view.opinions), sign);
  });
  const auto with_interval = [&](std::optional<double> Figures::*figure) {
    return estimate(all, resamples, figure, options.confidence);
  };
  result.srocc = with_interval(&Figures::srocc);
  result.krocc = with_interval(&Figures::krocc);
  result.plcc = with_interval(&Figures::plcc);
  result.rmse = *with_interval(&Figures::rmse);
  result.outlier_ratio = with_interval(&Figures::outlier_ratio);
  return result;
}

}  // namespace gradspace
