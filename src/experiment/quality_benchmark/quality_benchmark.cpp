#include "gradspace/quality_benchmark.h"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "core/file.h"
#include "core/hash.h"
#include "experiment/quality_benchmark/outputs.h"
#include "experiment/quality_benchmark/published.h"
#include "experiment/quality_benchmark/score_journal.h"
#include "gradspace/error.h"
#include "gradspace/opinion_database.h"
#include "gradspace/quality.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Metrics = std::vector<std::unique_ptr<QualityMetric>>;

constexpr const char* kAllTypes = "all";

bool uses_decoder(const std::string& metric) {
  return std::ranges::any_of(all_quality_metrics(), [&](const QualityMetricInfo& info) {
    return info.name == metric && info.uses_decoder;
  });
}

/// Scores the pairs of a database that are not scored yet.
class Scoring {
 public:
  Scoring(const OpinionDatabase& database, const Metrics& metrics, ScoreJournal& journal,
          const QualityBenchmarkObserver& observer)
      : database_(database),
        metrics_(metrics),
        journal_(journal),
        observer_(observer),
        scores_(journal.scores()) {}

  /// False when it was ended on request.
  bool run() {
    std::map<std::string, std::vector<std::size_t>> by_reference;
    for (std::size_t i = 0; i < database_.pairs.size(); ++i) {
      if (!scores_.contains(i)) {
        by_reference[database_.pairs[i].reference].push_back(i);
      }
    }
    const std::vector<std::pair<std::string, std::vector<std::size_t>>> groups(by_reference.begin(),
                                                                               by_reference.end());
    tbb::parallel_for(std::size_t{0}, groups.size(),
                      [&](std::size_t i) { score_group(groups[i].first, groups[i].second); });
    return !stopped_;
  }

  const ScoreJournal::Scores& scores() const { return scores_; }
  std::size_t failures() const { return failures_; }

 private:
  void score_group(const std::string& reference, const std::vector<std::size_t>& pairs) {
    if (stopped_) {
      return;
    }
    std::vector<std::unique_ptr<QualityReference>> prepared;
    try {
      const auto image =
          std::make_shared<const QualityImage>(read_image(database_.root / reference), reference);
      for (const auto& metric : metrics_) {
        prepared.push_back(metric->prepare(image));
      }
    } catch (const Error& error) {
      fail(fmt::format("{} pairs left out: {}", pairs.size(), error.what()), pairs.size());
      return;
    }
    tbb::parallel_for(std::size_t{0}, pairs.size(), [&](std::size_t i) {
      if (!stopped_) {
        score_pair(prepared, pairs[i]);
      }
    });
  }

  void score_pair(const std::vector<std::unique_ptr<QualityReference>>& prepared,
                  std::size_t pair) {
    const std::string& name = database_.pairs[pair].distorted;
    std::vector<double> scores;
    try {
      const QualityImage distorted(read_image(database_.root / name), name);
      for (const auto& reference : prepared) {
        scores.push_back(reference->score(distorted));
      }
    } catch (const Error& error) {
      fail(error.what(), 1);
      return;
    }
    const std::scoped_lock lock(mutex_);
    journal_.append(pair, scores);
    scores_[pair] = std::move(scores);
    after_pairs();
  }

  void fail(const std::string& reason, std::size_t pairs) {
    const std::scoped_lock lock(mutex_);
    failures_ += pairs;
    if (observer_.on_failure) {
      observer_.on_failure(reason);
    }
    after_pairs();
  }

  /// Under the lock.
  void after_pairs() {
    if (observer_.on_score) {
      observer_.on_score(scores_.size() + failures_, database_.pairs.size());
    }
    if (observer_.stop_requested && observer_.stop_requested()) {
      stopped_ = true;
    }
  }

  const OpinionDatabase& database_;
  const Metrics& metrics_;
  ScoreJournal& journal_;
  const QualityBenchmarkObserver& observer_;
  ScoreJournal::Scores scores_;
  std::size_t failures_ = 0;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
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
  Run(const QualityBenchmarkOptions& options, const QualityBenchmarkObserver& observer)
      : options_(options),
        observer_(observer),
        database_(open_opinion_database(options.database, options.path)) {
    agreement_ = options.agreement;
    agreement_.larger_is_better = options.larger_is_better.value_or(database_.larger_is_better);
    result_.listed = database_.listed;
    result_.failures = database_.missing.size();
    for (const std::string& file : database_.missing) {
      if (observer.on_failure) {
        observer.on_failure(fmt::format("missing: {}", file));
      }
    }
    load_metrics();
  }

  QualityBenchmarkResult finish() {
    make_folder(options_.out);
    ScoreJournal journal(options_.out / "scores.journal", identity_, database_.pairs.size(),
                         metrics_.size());
    Scoring scoring(database_, metrics_, journal, observer_);
    result_.stopped = !scoring.run();
    result_.failures += scoring.failures();
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
               benchmark_json(result_, options_json()).dump(1) + '\n');
    journal.remove();
    return result_;
  }

 private:
  void load_metrics() {
    std::optional<LinearDecoder> decoder;
    if (std::ranges::any_of(options_.metrics, uses_decoder)) {
      decoder = options_.decoder.empty() ? shipped_decoder() : load_decoder(options_.decoder);
      decoder_sha256_ = content_digest(
          "", {{"w1", decoder->w1}, {"b1", decoder->b1}, {"w2", decoder->w2}, {"b2", decoder->b2}});
    }
    for (const std::string& name : options_.metrics) {
      metrics_.push_back(decoder ? make_quality_metric(name, *decoder) : make_quality_metric(name));
    }
    std::string pairs;
    for (const OpinionPair& pair : database_.pairs) {
      pairs += pair.reference + '\n' + pair.distorted + '\n';
    }
    identity_ = {{"gradspace_version", kVersion},
                 {"database", database_.name},
                 {"root", fs::absolute(database_.root).lexically_normal().string()},
                 {"pairs_sha256", content_digest(pairs, {})},
                 {"metrics", options_.metrics},
                 {"decoder_sha256", decoder_sha256_}};
  }

  void summarise(const ScoredPairs& scored) {
    for (std::size_t metric = 0; metric < options_.metrics.size(); ++metric) {
      for (const std::string& type : types_of(scored)) {
        if (auto agreement = agreement_of(scored, metric, type, agreement_)) {
          result_.summary.push_back({options_.metrics[metric], type, *agreement});
        }
      }
    }
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
  const QualityBenchmarkObserver& observer_;
  OpinionDatabase database_;
  AgreementOptions agreement_;
  Metrics metrics_;
  std::string decoder_sha256_;
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
  agreement.validate();
}

QualityBenchmarkResult run_quality_benchmark(const QualityBenchmarkOptions& options,
                                             const QualityBenchmarkObserver& observer) {
  options.validate();
  return Run(options, observer).finish();
}

}  // namespace gradspace
