#include "report/auroc_intervals.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "detect/auroc_bootstrap.h"
#include "results/results_summary.h"
#include "results/run_files.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr int kAll = -2;  ///< in the place of a type or a level: the mean over all of them

/// What many conditions by many images may take; it is some seconds.
constexpr std::size_t kMostLookUps = 4'000'000'000;
constexpr std::size_t kFewestResamples = 200;

/// A figure of one method: a condition's, or a mean over levels, or over types and levels.
struct FigurePlace {
  int type = kAll;
  int level = kAll;

  friend bool operator<(const FigurePlace& a, const FigurePlace& b) {
    return std::tie(a.type, a.level) < std::tie(b.type, b.level);
  }
};

/// The figures that a condition goes into.
std::vector<FigurePlace> places_of(int type, int level) {
  return {{type, level}, {type, kAll}, {kAll, kAll}};
}

/// Sums of a figure's AUROCs, resample by resample.
struct ResampleSums {
  std::vector<double> values;
  double count = 0;

  void add(const std::vector<double>& more) {
    values.resize(more.size());
    for (std::size_t b = 0; b < more.size(); ++b) {
      values[b] += more[b];
    }
    ++count;
  }

  std::vector<double> mean() const {
    std::vector<double> means = values;
    for (double& mean : means) {
      mean /= count;
    }
    return means;
  }
};

BootstrapOptions bootstrap_options(const ScoreLists& test) {
  std::size_t images = 1;
  for (const auto& [key, scores] : test) {
    images += key.type == kCleanType ? 0 : scores.size();
  }
  BootstrapOptions options;
  options.resamples = static_cast<int>(
      std::clamp(kMostLookUps / images, kFewestResamples,
                 std::max(kFewestResamples, static_cast<std::size_t>(options.resamples))));
  return options;
}

/// Intervals of one method's figures.
class MethodIntervals {
 public:
  MethodIntervals(int method, const Conditions& conditions, const ScoreLists& test,
                  const BootstrapOptions& options)
      : method_(method), conditions_(conditions), test_(test), options_(options) {}

  std::map<FigurePlace, Interval> intervals(const Results& results) {
    for (const int run : conditions_.runs()) {
      add_run(run);
    }
    for (const ResultRow& row : results.rows) {
      note_missing(row);
    }
    std::map<FigurePlace, Interval> intervals;
    for (const auto& [place, sums] : over_runs_) {
      if (!incomplete_.contains(place)) {
        intervals[place] = percentile_interval(sums.mean(), options_.confidence);
      }
    }
    return intervals;
  }

 private:
  void add_run(int run) {
    const auto clean = test_.find({method_, run, kCleanType, 0});
    if (clean == test_.end()) {
      return;
    }
    std::vector<OutlierScores> lists;
    std::vector<ScoreKey> keys;
    for (auto at = std::next(clean);
         at != test_.end() && at->first.method == method_ && at->first.run == run; ++at) {
      const RowTypes& types = conditions_.row_types();
      const int type = at->first.type;
      lists.push_back(
          {at->second, bootstrap_stream(types.is_named(type) ? types.label(type) : "")});
      keys.push_back(at->first);
    }
    const auto aurocs = resampled_aurocs(clean->second, lists, options_);
    std::map<FigurePlace, ResampleSums> of_run;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      there_.insert(keys[i]);
      for (const FigurePlace& place : places_of(keys[i].type, keys[i].level)) {
        of_run[place].add(aurocs[i]);
      }
    }
    for (const auto& [place, sums] : of_run) {
      over_runs_[place].add(sums.mean());
    }
  }

  /// A mean whose images' scores are not all there has no interval.
  void note_missing(const ResultRow& row) {
    if (conditions_.method_at(row.method) != method_) {
      return;
    }
    const int type = conditions_.row_types().number_of(row);
    const int level = conditions_.levels_averaged() ? 0 : row.level;
    if (!there_.contains({method_, row.run, type, level})) {
      for (const FigurePlace& place : places_of(type, level)) {
        incomplete_.insert(place);
      }
    }
  }

  int method_;
  const Conditions& conditions_;
  const ScoreLists& test_;
  const BootstrapOptions& options_;
  std::map<FigurePlace, ResampleSums> over_runs_;
  std::set<ScoreKey> there_;
  std::set<FigurePlace> incomplete_;
};

}  // namespace

void add_auroc_intervals(const Results& results, const Conditions& conditions,
                         const ScoreLists& test, json& data) {
  const BootstrapOptions options = bootstrap_options(test);
  std::vector<std::map<FigurePlace, Interval>> of_method;
  for (int method = 0; method < static_cast<int>(conditions.methods().size()); ++method) {
    of_method.push_back(MethodIntervals(method, conditions, test, options).intervals(results));
  }
  const auto add = [&](json& item, const FigurePlace& place) {
    const auto& intervals = of_method.at(item.at("method").get<std::size_t>());
    if (const auto found = intervals.find(place); found != intervals.end()) {
      item["auroc_interval"] = {rounded(found->second.low), rounded(found->second.high)};
    }
  };
  for (json& cell : data.at("cells")) {
    add(cell, {cell.at("type").get<int>(), cell.at("level").get<int>()});
  }
  for (json& row : data.at("table")) {
    const json& type = row.at("type");
    add(row, {type.is_null() ? kAll : type.get<int>(), kAll});
  }
  data["intervals"] = {{"resamples", options.resamples}, {"confidence", options.confidence}};
}

}  // namespace gradspace
