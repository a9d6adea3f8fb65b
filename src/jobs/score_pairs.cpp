#include "gradspace/score_pairs.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "core/arena.h"
#include "core/parallel.h"
#include "core/watched.h"
#include "gradspace/error.h"
#include "jobs/options.h"

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

/// What scoring takes at most: 3840x2160 pixels take 350 MB.
std::uint64_t bytes_needed(const Image& image) {
  constexpr std::uint64_t kBytesAPixel = 48;
  return kBytesAPixel * static_cast<std::uint64_t>(image.width()) *
         static_cast<std::uint64_t>(image.height());
}

/// Memory that threads take in turns. A thread that wants more than the whole budget waits until no other
/// holds a share.
class Memory {
 public:
  class Share {
   public:
    Share(Memory& memory, std::uint64_t bytes) : memory_(memory), bytes_(bytes) {
      std::unique_lock lock(memory_.mutex_);
      memory_.released_.wait(
          lock, [this] { return memory_.used_ == 0 || memory_.used_ + bytes_ <= kBudget; });
      memory_.used_ += bytes_;
    }
    ~Share() {
      {
        const std::lock_guard lock(memory_.mutex_);
        memory_.used_ -= bytes_;
      }
      memory_.released_.notify_all();
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    Memory& memory_;
    std::uint64_t bytes_;
  };

 private:
  static constexpr std::uint64_t kBudget = std::uint64_t{1} << 30;

  std::mutex mutex_;
  std::condition_variable released_;
  std::uint64_t used_ = 0;
};

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
  using SharedImage = std::shared_ptr<const QualityImage>;

  void score_run(const Run& run) {
    std::optional<Memory::Share> share;
    std::vector<std::unique_ptr<QualityReference>> references;
    PairScore failed;
    try {
      const SharedImage image = open(pairs_[run.begin].reference);
      share.emplace(memory_, bytes_needed(image->rgb()));
      for (const auto& metric : metrics_) {
        references.push_back(metric->prepare(image));
      }
    } catch (const Error& error) {
      failed = {{}, error.what(), true};
    }
    for (std::size_t i = run.begin; i < run.end && !watched_.stop(); ++i) {
      hand_over(i, failed.ok() ? score_pair(references, pairs_[i].distorted) : failed);
    }
  }

  SharedImage open(const std::filesystem::path& path) const {
    return std::make_shared<const QualityImage>(read_image(options_.root / path), path.string());
  }

  PairScore score_pair(std::span<const std::unique_ptr<QualityReference>> references,
                       const std::filesystem::path& path) const {
    try {
      const SharedImage distorted = open(path);
      PairScore result;
      for (const auto& reference : references) {
        result.scores.push_back(reference->score(*distorted));
      }
      return result;
    } catch (const Error& error) {
      return {{}, error.what(), false};
    }
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
  Memory memory_;
  Watched watched_;
  Counted handed_over_;
  std::vector<std::optional<PairScore>> waiting_;  ///< for their turn
  std::size_t next_ = 0;                           ///< the first that is not handed over
};

}  // namespace

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
