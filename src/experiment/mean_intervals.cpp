#include "experiment/mean_intervals.h"

#include <algorithm>
#include <functional>

#include "core/random.h"

namespace gradspace {

std::vector<Interval> MeanIntervals::add(const std::string& method, int run,
                                         std::span<const double> clean,
                                         std::span<const Condition> conditions) {
  std::vector<OutlierScores> outliers;
  for (const Condition& condition : conditions) {
    outliers.push_back({condition.scores, 0});
  }
  const std::vector<std::vector<double>> aurocs = resampled_aurocs(clean, outliers, options_);
  auto found = std::ranges::find(methods_, method, &Method::name);
  if (found == methods_.end()) {
    found = methods_.insert(found, {method, {}});
  }
  RunSums& of_run = found->runs[run];
  for (std::size_t i = 0; i < aurocs.size(); ++i) {
    for (const std::optional<int> type :
         {std::optional(conditions[i].type), std::optional<int>()}) {
      Sums& sums = of_run[type];
      sums.values.resize(aurocs[i].size());
      std::ranges::transform(sums.values, aurocs[i], sums.values.begin(), std::plus<>());
      ++sums.count;
    }
  }
  std::vector<Interval> intervals;
  for (const std::vector<double>& of_condition : aurocs) {
    intervals.push_back(percentile_interval(of_condition, options_.confidence));
  }
  return intervals;
}

std::vector<MeanInterval> MeanIntervals::intervals() const {
  std::vector<MeanInterval> intervals;
  for (const Method& method : methods_) {
    for (const auto& [type, sums] : method.runs.begin()->second) {
      if (type) {
        intervals.push_back({method.name, type, interval_of(method, type)});
      }
    }
    intervals.push_back({method.name, std::nullopt, interval_of(method, std::nullopt)});
  }
  return intervals;
}

Interval MeanIntervals::interval_of(const Method& method, std::optional<int> type) const {
  std::vector<const Sums*> runs;
  for (const auto& [run, sums] : method.runs) {
    runs.push_back(&sums.at(type));
  }
  std::vector<double> means(static_cast<std::size_t>(options_.resamples));
  for (std::size_t resample = 0; resample < means.size(); ++resample) {
    Random random(combine(options_.seed, resample));
    for (std::size_t draw = 0; draw < runs.size(); ++draw) {
      const Sums& sums = *runs[random.below(runs.size())];
      means[resample] += sums.values[resample] / sums.count;
    }
    means[resample] /= static_cast<double>(runs.size());
  }
  return percentile_interval(std::move(means), options_.confidence);
}

}  // namespace gradspace
