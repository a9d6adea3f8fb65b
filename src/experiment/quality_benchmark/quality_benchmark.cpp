#include "gradspace/research/quality_benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "core/arena.h"
#include "core/checksum.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "experiment/quality_benchmark/differences.h"
#include "experiment/quality_benchmark/outputs.h"
#include "experiment/quality_benchmark/published.h"
#include "gradspace/error.h"
#include "gradspace/opinion_database.h"
#include "gradspace/output_lock.h"
#include "gradspace/quality.h"
#include "gradspace/score_pairs.h"
#include "gradspace/version.h"
#include "jobs/quality_metrics.h"
#include "jobs/score_journal.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Lines that the results keep.
constexpr std::size_t kMostLeftOut = 1000;

/// Scores the pairs of a database that are not scored yet.
class Scoring {
 public:
  Scoring(const OpinionDatabase& database, const std::vector<std::string>& metrics,
          ScoreJournal& journal, const JobObserver& observer,
          std::function<void(const std::string& line)> say)
      : database_(database),
        metrics_(metrics),
        journal_(journal),
        observer_(observer),
        say_(std::move(say)),
        scores_(journal.scores()) {}

  /// False when it was ended on request.
  bool run(const QualityMetrics& metrics) {
    std::map<std::string, std::vector<std::size_t>> by_reference;
    for (std::size_t i = 0; i < database_.pairs.size(); ++i) {
      if (!scores_.contains(i)) {
        by_reference[database_.pairs[i].reference].push_back(i);
      }
    }
    std::vector<std::size_t> numbers;  // in the database
    std::vector<ImagePair> pairs;
    for (const auto& [reference, members] : by_reference) {
      left_[reference] = members.size();
      for (const std::size_t i : members) {
        numbers.push_back(i);
        pairs.push_back({reference, database_.pairs[i].distorted});
      }
    }
    ScorePairsOptions options;
    options.root = database_.root;
    options.in_order = false;  // what is scored goes into the journal at once
    JobObserver stops;
    stops.stop_requested = observer_.stop_requested;
    return score_pairs(
        metrics, pairs, [&](std::size_t i, const PairScore& score) { take(numbers[i], score); },
        options, stops);
  }

  const ScoreJournal::Scores& scores() const { return scores_; }
  std::size_t failures() const { return failures_; }
  std::size_t incomplete() const { return incomplete_; }

 private:
  void take(std::size_t pair, const PairScore& score) {
    if (score.ok()) {
      std::vector<double> values;
      for (const MetricScore& metric : score.scores) {
        values.push_back(metric.value.value_or(std::numeric_limits<double>::infinity()));
      }
      if (score.complete()) {  // others are scored and reported again by a run that goes on
        journal_.append(pair, values);
      } else {
        ++incomplete_;
        for (const std::string& line : metric_failures(score, metrics_)) {
          say(line);
        }
      }
      scores_[pair] = std::move(values);
    } else {
      ++failures_;
      report(database_.pairs[pair].reference, score);
    }
    if (observer_.on_progress) {
      observer_.on_progress(scores_.size() + failures_, database_.pairs.size());
    }
  }

  /// A reference that fails is reported once, with the last of its pairs.
  void report(const std::string& reference, const PairScore& score) {
    if (!score.reference_failed) {
      say(score.failure);
    } else if (++failed_[reference] == left_[reference]) {
      say(fmt::format("{} pairs left out: {}", left_[reference], score.failure));
    }
  }

  void say(const std::string& line) { say_(line); }

  const OpinionDatabase& database_;
  const std::vector<std::string>& metrics_;
  ScoreJournal& journal_;
  const JobObserver& observer_;
  std::function<void(const std::string& line)> say_;
  ScoreJournal::Scores scores_;
  std::size_t failures_ = 0;
  std::size_t incomplete_ = 0;
  std::map<std::string, std::size_t> left_;    ///< pairs to score, by reference
  std::map<std::string, std::size_t> failed_;  ///< those whose reference failed
};

/// The opinions that one metric has finite scores for, of one type of distortion or all.
std::optional<Agreement> agreement_of(const ScoredPairs& scored, std::size_t metric,
                                      const std::string& type, const AgreementOptions& options) {
  std::vector<double> scores;
  std::vector<double> opinions;
  std::vector<double> deviations;
  for (std::size_t i = 0; i < scored.pairs.size(); ++i) {
    const OpinionPair& pair = scored.pairs[i];
    if (std::isfinite(scored.scores[i][metric]) && (type == kAllTypes || pair.type == type)) {
      scores.push_back(scored.scores[i][metric]);
      opinions.push_back(pair.opinion);
      if (pair.deviation) {
        deviations.push_back(*pair.deviation);
      }
    }
  }
  if (deviations.size() < scores.size()) {
    deviations.clear();
  }
  if (scores.empty()) {
    return std::nullopt;
  }
  return agreement(scores, opinions, deviations, options);
}

/// "all", then the types in the database's order, where there are several.
std::vector<std::string> types_of(const ScoredPairs& scored) {
  std::vector<std::string> types;
  std::set<std::string> seen;
  for (const OpinionPair& pair : scored.pairs) {
    if (!pair.type.empty() && seen.insert(pair.type).second) {
      types.push_back(pair.type);
    }
  }
  if (types.size() < 2) {
    types.clear();
  }
  types.insert(types.begin(), kAllTypes);
  return types;
}

/// One call of run_quality_benchmark.
class Run {
 public:
  Run(const QualityBenchmarkOptions& options, const JobObserver& observer)
      : options_(options),
        observer_(observer),
        database_(open_opinion_database(options.database, options.path)) {
    agreement_ = options.agreement;
    agreement_.larger_is_better = options.larger_is_better.value_or(database_.larger_is_better);
    result_.listed = database_.listed;
    result_.failures = database_.missing.size();
    for (const std::string& file : database_.missing) {
      say_left_out(fmt::format("missing: {}", file));
    }
    load_metrics();
  }

  QualityBenchmarkResult finish() {
    const OutputLock lock = OutputLock::of_folder(options_.out);
    ScoreJournal journal(options_.out / "scores.journal",
                         {identity_, database_.pairs.size(), options_.metrics.size(),
                          [this](std::size_t pair) { return state_of(database_.pairs[pair]); }});
    if (journal.left_out() > 0 && observer_.on_remark) {
      observer_.on_remark(journal.left_out_remark(options_.out));
    }
    Scoring scoring(database_, options_.metrics, journal, observer_,
                    [this](const std::string& line) { say_left_out(line); });
    result_.stopped = !scoring.run(loaded_.metrics);
    result_.failures += scoring.failures();
    result_.incomplete = scoring.incomplete();
    result_.pairs = scoring.scores().size();
    if (result_.stopped) {
      return result_;
    }
    if (scoring.scores().empty()) {
      throw Error(fmt::format("{}: no pair could be scored", options_.path.string()));
    }
    ScoredPairs scored;
    for (const auto& [pair, scores] : scoring.scores()) {
      scored.pairs.push_back(database_.pairs[pair]);
      scored.scores.push_back(scores);
    }
    summarise(scored);
    write_file(options_.out / "scores.csv", scores_csv(options_.metrics, scored));
    write_file(options_.out / "results.json",
               sealed_json(benchmark_json(options_.metrics, result_, options_json()), 1));
    journal.remove();
    return result_;
  }

 private:
  void say_left_out(const std::string& line) {
    if (result_.left_out.size() < kMostLeftOut) {
      result_.left_out.push_back(line);
    }
    if (observer_.on_failure) {
      observer_.on_failure(line);
    }
  }

  std::string state_of(const OpinionPair& pair) const {
    return state_of_files(database_.root / pair.reference, database_.root / pair.distorted);
  }

  void load_metrics() {
    loaded_ = load_quality_metrics(options_.metrics, options_.decoder);
    std::string pairs;
    for (const OpinionPair& pair : database_.pairs) {
      pairs += pair.reference + '\n' + pair.distorted + '\n';
    }
    identity_ = {{"gradspace_version", kVersion},
                 {"database", database_.name},
                 {"root", fs::absolute(database_.root).lexically_normal().string()},
                 {"pairs_sha256", content_digest(pairs, {})},
                 {"metrics", options_.metrics},
                 {"decoder_sha256", loaded_.decoder_sha256}};
  }

  void summarise(const ScoredPairs& scored) {
    for (std::size_t metric = 0; metric < options_.metrics.size(); ++metric) {
      AgreementOptions agreement_options = agreement_;
      agreement_options.larger_is_better =
          rises_with_opinions(options_.metrics[metric], agreement_);
      for (const std::string& type : types_of(scored)) {
        if (auto agreement = agreement_of(scored, metric, type, agreement_options)) {
          result_.summary.push_back({options_.metrics[metric], type, *agreement});
        }
      }
    }
    result_.differences = metric_differences(options_.metrics, scored, agreement_);
    result_.published = published_agreements(database_.name);
  }

  json options_json() const {
    json options = identity_;
    options.erase("gradspace_version");
    options.erase("root");
    options["command"] = "iqa-benchmark";
    options["path"] = fs::absolute(options_.path).lexically_normal().string();
    options["decoder"] = options_.decoder.empty() ? "shipped" : options_.decoder.string();
    options["larger_is_better"] = agreement_.larger_is_better;
    options["resamples"] = agreement_.resamples;
    options["confidence"] = agreement_.confidence;
    options["seed"] = agreement_.seed;
    options["listed"] = result_.listed;
    options["pairs"] = result_.pairs;
    return options;
  }

  const QualityBenchmarkOptions& options_;
  const JobObserver& observer_;
  OpinionDatabase database_;
  AgreementOptions agreement_;
  LoadedMetrics loaded_;
  json identity_;
  QualityBenchmarkResult result_;
};

}  // namespace

void QualityBenchmarkOptions::validate() const {
  if (metrics.empty()) {
    throw InvalidArgument("iqa-benchmark: no metric is asked for");
  }
  if (std::set<std::string>(metrics.begin(), metrics.end()).size() < metrics.size()) {
    throw InvalidArgument("iqa-benchmark: a metric is asked for twice");
  }
  if (threads < 0) {
    throw InvalidArgument(fmt::format(
        "iqa-benchmark: threads is {}; must be 1 or more, or 0 for all cores", threads));
  }
  agreement.validate();
}

QualityBenchmarkResult run_quality_benchmark(const QualityBenchmarkOptions& options,
                                             const JobObserver& observer) {
  options.validate();
  return in_arena(options.threads, [&] { return Run(options, observer).finish(); });
}

}  // namespace gradspace
