#include "gradspace/score_pairs.h"

#include <fmt/format.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "core/arena.h"
#include "core/parallel.h"
#include "core/watched.h"
#include "gradspace/error.h"
#include "image/memory_budget.h"
#include "jobs/attempt.h"
#include "jobs/options.h"
#include "jobs/pair_score.h"

namespace gradspace {
namespace {

/// A run of pairs is this long where that keeps all threads at work, and longer where there are many.
constexpr std::size_t kShortestRun = 8;
constexpr std::size_t kRunsPerThread = 4;

/// Neighbours with the same reference, which one thread does.
struct Run {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Run> runs_of(std::span<const ImagePair> pairs, std::size_t threads) {
  const auto share = [&](std::size_t parts) { return (pairs.size() + parts - 1) / parts; };
  const std::size_t longest =
      std::max(share(kRunsPerThread * threads), std::min(kShortestRun, share(threads)));
  std::vector<Run> runs;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const bool goes_on = !runs.empty() && i - runs.back().begin < longest &&
                         pairs[i].reference == pairs[runs.back().begin].reference;
    if (goes_on) {
      runs.back().end = i + 1;
    } else {
      runs.push_back({i, i + 1});
    }
  }
  return runs;
}

class PairScoring {
 public:
  PairScoring(const QualityMetrics& metrics, std::span<const ImagePair> pairs,
              const std::function<void(std::size_t, const PairScore&)>& on_pair,
              const ScorePairsOptions& options, const JobObserver& observer)
      : metrics_(metrics),
        pairs_(pairs),
        on_pair_(on_pair),
        options_(options),
        watched_(observer),
        handed_over_(watched_, pairs.size()),
        waiting_(options.in_order ? pairs.size() : 0) {}

  bool score() {
    const auto threads = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
    const std::vector<Run> runs = runs_of(pairs_, threads);
    parallel_for(runs.size(), [&](std::size_t i) {
      // What a metric does in parallel must not pick up another run, which would wait for the memory
      // that this one holds.
      tbb::this_task_arena::isolate([&] { score_run(runs[i]); });
    });
    return !watched_.stopped();
  }

 private:
  void score_run(const Run& run) {
    std::optional<MemoryBudget::Share> share;
    std::vector<PreparedReference> references;
    PairScore failed;
    std::uint64_t pixels = 0;
    const std::filesystem::path& path = pairs_[run.begin].reference;
    failed.failure = failure_of(path.string(), [&] {
      SharedImage image;
      {
        const std::scoped_lock one_at_a_time(loading_);  // no image lies about without a share
        image = open(path);
        const Image& rgb = image->rgb();
        pixels = static_cast<std::uint64_t>(rgb.width()) * static_cast<std::uint64_t>(rgb.height());
        share.emplace(memory_, bytes_needed(rgb.width(), rgb.height(), metrics_.size()));
      }
      for (const auto& metric : metrics_) {
        references.push_back(prepared(*metric, image));
      }
    });
    if (failed.ok() && std::ranges::none_of(references, &PreparedReference::ok)) {
      failed.failure = reasons_of(references);
    }
    failed.reference_failed = !failed.ok();
    for (std::size_t i = run.begin; i < run.end && !watched_.stop(); ++i) {
      std::optional<PairScore> score =
          failed.ok() ? score_pair(references, pairs_[i].distorted) : failed;
      if (score) {
        score->pixels = pixels;
        hand_over(i, std::move(*score));
      }
    }
  }

  SharedImage open(const std::filesystem::path& path) const {
    return std::make_shared<const QualityImage>(read_image(options_.root / path), path.string());
  }

  /// Nothing when the observer ended it between two metrics.
  std::optional<PairScore> score_pair(std::span<const PreparedReference> references,
                                      const std::filesystem::path& path) {
    PairScore result;
    result.failure = failure_of(path.string(), [&] {
      const SharedImage distorted = open(path);
      for (const PreparedReference& reference : references) {
        if (!watched_.stop()) {
          result.scores.push_back(score_of(reference, *distorted));
        }
      }
    });
    if (result.ok() && result.scores.size() < references.size()) {
      return std::nullopt;
    }
    if (result.ok() && std::ranges::none_of(result.scores, [](const MetricScore& score) {
          return score.value.has_value();
        })) {
      result.failure = reasons_of(result.scores);
    }
    if (!result.ok()) {
      result.scores.clear();
    }
    return result;
  }

  void hand_over(std::size_t pair, PairScore score) {
    if (!options_.in_order) {
      handed_over_.add([&] { on_pair_(pair, score); });
      return;
    }
    handed_over_.add([&] {
      waiting_[pair] = std::move(score);
      for (; next_ < waiting_.size() && waiting_[next_]; ++next_) {
        on_pair_(next_, *waiting_[next_]);
        waiting_[next_] = PairScore();  // lets go of the scores
      }
    });
  }

  const QualityMetrics& metrics_;
  std::span<const ImagePair> pairs_;
  const std::function<void(std::size_t, const PairScore&)>& on_pair_;
  const ScorePairsOptions& options_;
  MemoryBudget memory_{kPairMemory};
  std::mutex loading_;
  Watched watched_;
  Counted handed_over_;
  std::vector<std::optional<PairScore>> waiting_;  ///< for their turn
  std::size_t next_ = 0;                           ///< the first that is not handed over
};

}  // namespace

std::vector<std::string> metric_failures(const PairScore& score,
                                         std::span<const std::string> names) {
  std::vector<std::string> reasons;
  std::vector<std::string> refusing;  // the metrics' names, by reason
  for (std::size_t i = 0; i < score.scores.size(); ++i) {
    const std::string& reason = score.scores[i].failure;
    if (score.scores[i].value) {
      continue;
    }
    const auto known = std::ranges::find(reasons, reason);
    if (known == reasons.end()) {
      reasons.push_back(reason);
      refusing.push_back(names[i]);
    } else {
      refusing[static_cast<std::size_t>(known - reasons.begin())] += ", " + names[i];
    }
  }
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    reasons[i] = fmt::format("{}: {}", refusing[i], reasons[i]);
  }
  return reasons;
}

bool uses_decoder(std::span<const std::string> metrics) {
  return std::ranges::any_of(all_quality_metrics(), [&](const QualityMetricInfo& info) {
    return info.uses_decoder && std::ranges::find(metrics, info.name) != metrics.end();
  });
}

QualityMetrics make_quality_metrics(std::span<const std::string> names,
                                    const LinearDecoder* decoder) {
  QualityMetrics metrics;
  for (const std::string& name : names) {
    metrics.push_back(decoder == nullptr ? make_quality_metric(name)
                                         : make_quality_metric(name, *decoder));
  }
  return metrics;
}

void ScorePairsOptions::validate() const {
  require_threads(threads, "iqa");
}

bool score_pairs(const QualityMetrics& metrics, std::span<const ImagePair> pairs,
                 const std::function<void(std::size_t, const PairScore&)>& on_pair,
                 const ScorePairsOptions& options, const JobObserver& observer) {
  options.validate();
  return in_arena(options.threads,
                  [&] { return PairScoring(metrics, pairs, on_pair, options, observer).score(); });
}

}  // namespace gradspace
