#include "jobs/iqa_batch.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "gradspace/error.h"

namespace gradspace::cli {
namespace {

/// Pairs of one reference that one thread does, so that many of them still spread over all cores.
constexpr std::size_t kLongestRun = 8;

struct Run {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Neighbours with the same reference.
std::vector<Run> runs_of(std::span<const ImagePair> pairs) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const bool goes_on = !runs.empty() && i - runs.back().begin < kLongestRun &&
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

}  // namespace

/// Memory that threads take in turns. Whoever wants more than there is waits until it is alone.
class IqaBatch::Memory {
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

IqaBatch::IqaBatch(std::vector<std::unique_ptr<QualityMetric>> metrics)
    : metrics_(std::move(metrics)), memory_(std::make_unique<Memory>()) {}
IqaBatch::~IqaBatch() = default;

std::vector<PairScore> IqaBatch::score(std::span<const ImagePair> pairs,
                                       const std::function<void()>& on_done) const {
  const std::vector<Run> runs = runs_of(pairs);
  std::vector<PairScore> scores(pairs.size());
  tbb::parallel_for(std::size_t{0}, runs.size(), [&](std::size_t i) {
    const std::size_t length = runs[i].end - runs[i].begin;
    score_run(pairs.subspan(runs[i].begin, length),
              std::span(scores).subspan(runs[i].begin, length), on_done);
  });
  return scores;
}

void IqaBatch::score_run(std::span<const ImagePair> pairs, std::span<PairScore> scores,
                         const std::function<void()>& on_done) const {
  std::vector<std::unique_ptr<QualityReference>> references;
  std::optional<Memory::Share> share;
  std::string failure;
  try {
    const std::string name = pairs.front().reference.string();
    auto image = std::make_shared<const QualityImage>(read_image(name), name);
    share.emplace(*memory_, bytes_needed(image->rgb()));
    for (const auto& metric : metrics_) {
      references.push_back(metric->prepare(image));
    }
  } catch (const Error& error) {
    failure = error.what();
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    scores[i].failure = failure;
    if (failure.empty()) {
      try {
        const std::string name = pairs[i].distorted.string();
        const QualityImage distorted(read_image(name), name);
        std::vector<double> values;
        for (const auto& reference : references) {
          values.push_back(reference->score(distorted));
        }
        scores[i].scores = std::move(values);
      } catch (const Error& error) {
        scores[i].failure = error.what();
      }
    }
    on_done();
  }
}

}  // namespace gradspace::cli
