#include "report/auroc_intervals.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "core/random.h"
#include "detect/auroc_bootstrap.h"
#include "results/results_summary.h"
#include "results/run_files.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr int kAll = -2;  ///< in the place of a type or a level: the mean over all of them

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

std::size_t count_outliers(const ScoreLists& test) {
  std::size_t count = 0;
  for (const auto& [key, scores] : test) {
    count += key.type == kCleanType ? 0 : scores.size();
  }
  return count;
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

/// What one method's AUROCs come out as on one class, resample by resample; nothing where scores are missing.
std::vector<double> resampled_class(const ClassTest& test, int method, BootstrapOptions options) {
  const auto clean = test.test.find({method, test.run, kCleanType, 0});
  const auto others = test.test.find({method, test.run, 0, 0});
  if (clean == test.test.end() || others == test.test.end()) {
    return {};
  }
  options.seed = combine(options.seed, static_cast<std::uint64_t>(test.type));
  const OutlierScores outliers[] = {{others->second, 0}};
  return resampled_aurocs(clean->second, outliers, options).front();
}

/// Of one method: by class, and over all of them.
std::map<FigurePlace, Interval> class_intervals(int method, const Results& results,
                                                const Conditions& conditions,
                                                const std::vector<ClassTest>& tests,
                                                const BootstrapOptions& options) {
  std::map<int, ResampleSums> by_class;  // over runs
  std::map<int, ResampleSums> by_run;    // over classes
  std::set<std::pair<int, int>> there;
  for (const ClassTest& test : tests) {
    const std::vector<double> aurocs = resampled_class(test, method, options);
    if (!aurocs.empty()) {
      by_class[test.type].add(aurocs);
      by_run[test.run].add(aurocs);
      there.emplace(test.type, test.run);
    }
  }
  std::set<int> incomplete;
  for (const ResultRow& row : results.rows) {
    if (conditions.method_at(row.method) == method && !there.contains({row.type, row.run})) {
      incomplete.insert(row.type);
    }
  }
  std::map<FigurePlace, Interval> intervals;
  for (const auto& [type, sums] : by_class) {
    if (!incomplete.contains(type)) {
      intervals[{type, kAll}] = percentile_interval(sums.mean(), options.confidence);
    }
  }
  ResampleSums over_runs;
  for (const auto& [run, sums] : by_run) {
    over_runs.add(sums.mean());
  }
  if (incomplete.empty() && over_runs.count > 0) {
    intervals[{kAll, kAll}] = percentile_interval(over_runs.mean(), options.confidence);
  }
  return intervals;
}

void add_interval(json& item, const std::map<FigurePlace, Interval>& intervals,
                  const FigurePlace& place) {
  if (const auto found = intervals.find(place); found != intervals.end()) {
    item["auroc_interval"] = {rounded(found->second.low), rounded(found->second.high)};
  }
}

/// Of a row of the page's table.
FigurePlace place_of_row(const json& row) {
  const json& type = row.at("type");
  return {type.is_null() ? kAll : type.get<int>(), kAll};
}

/// The results' own, over images and runs, where they have it.
void add_mean_interval(json& row, const Results& results, const Conditions& conditions) {
  const std::string& method = conditions.methods().at(row.at("method").get<std::size_t>());
  const json& type = row.at("type");
  const auto found = std::ranges::find_if(results.mean_intervals, [&](const MeanInterval& mean) {
    return mean.method == method && (mean.type ? json(*mean.type) : json()) == type;
  });
  if (found != results.mean_intervals.end()) {
    row["auroc_interval"] = {rounded(found->auroc.low), rounded(found->auroc.high)};
  }
}

json intervals_json(const BootstrapOptions& options) {
  return {{"resamples", options.resamples}, {"confidence", options.confidence}};
}

}  // namespace

void add_class_auroc_intervals(const Results& results, const Conditions& conditions,
                               const std::vector<ClassTest>& tests, json& data) {
  std::size_t outliers = 0;
  for (const ClassTest& test : tests) {
    outliers += count_outliers(test.test);
  }
  if (outliers == 0) {
    return;
  }
  const BootstrapOptions options = affordable_bootstrap(outliers);
  std::vector<std::map<FigurePlace, Interval>> of_method;
  for (int method = 0; method < static_cast<int>(conditions.methods().size()); ++method) {
    of_method.push_back(class_intervals(method, results, conditions, tests, options));
  }
  for (json& row : data.at("table")) {
    add_interval(row, of_method.at(row.at("method").get<std::size_t>()), place_of_row(row));
  }
  data["intervals"] = intervals_json(options);
}

void add_auroc_intervals(const Results& results, const Conditions& conditions,
                         const ScoreLists& test, json& data) {
  const BootstrapOptions options = affordable_bootstrap(count_outliers(test));
  std::vector<std::map<FigurePlace, Interval>> of_method;
  for (int method = 0; method < static_cast<int>(conditions.methods().size()); ++method) {
    of_method.push_back(MethodIntervals(method, conditions, test, options).intervals(results));
  }
  const auto intervals_of = [&](const json& item) -> const std::map<FigurePlace, Interval>& {
    return of_method.at(item.at("method").get<std::size_t>());
  };
  for (json& cell : data.at("cells")) {
    add_interval(cell, intervals_of(cell),
                 {cell.at("type").get<int>(), cell.at("level").get<int>()});
  }
  for (json& row : data.at("table")) {
    add_interval(row, intervals_of(row), place_of_row(row));
    add_mean_interval(row, results, conditions);
  }
  data["intervals"] = intervals_json(options);
  data["intervals"]["runs"] = !results.mean_intervals.empty() && conditions.runs().size() > 1;
}

}  // namespace gradspace
