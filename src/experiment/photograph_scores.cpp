#include "experiment/photograph_scores.h"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <utility>

#include "core/parallel.h"
#include "core/watched.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// What became of one photograph.
struct Judged {
  std::vector<double> scores;  ///< of those that judge, in the order of the entries
  float bce = 0;
  float kld = 0;
  std::string failure;
};

/// Those of `entries` that are not null; one a thread.
class Judges {
 public:
  explicit Judges(std::span<const FittedEntry* const> entries) {
    for (const FittedEntry* entry : entries) {
      if (entry != nullptr) {
        scorers_.push_back(entry->photograph_scorer());
      }
    }
  }

  Judged judge(const Image& photograph, const std::string& path) {
    Judged judged;
    for (const auto& scorer : scorers_) {
      const ImageScore score = scorer->score(photograph, path).score;
      judged.scores.push_back(score.score);
      // 0 by detectors without a model, the same by all others.
      judged.bce = std::max(judged.bce, score.bce);
      judged.kld = std::max(judged.kld, score.kld);
    }
    return judged;
  }

 private:
  std::vector<std::unique_ptr<PhotographScorer>> scorers_;
};

std::vector<Judged> judge_all(const Source& photographs,
                              std::span<const FittedEntry* const> entries,
                              const ExperimentStages& stages) {
  std::vector<Judged> all(photographs.size());
  tbb::enumerable_thread_specific<Judges> judges([&] { return Judges(entries); });
  const JobObserver observer = stages.job_observer("photographs");
  Watched watched(observer);
  Counted counted(watched, all.size());
  parallel_for(all.size(), [&](std::size_t i) {
    if (watched.stop()) {
      return;
    }
    try {
      all[i] = judges.local().judge(photographs.load(i), photographs.info(i).path);
    } catch (const Error& error) {
      all[i].failure = error.what();
    }
    counted.add();
  });
  if (watched.stopped()) {
    throw ExperimentStopped{};
  }
  return all;
}

}  // namespace

SetScores score_photographs(const Source& photographs, const std::string& name,
                            std::span<const FittedEntry* const> entries,
                            const ExperimentStages& stages) {
  std::vector<Judged> all = judge_all(photographs, entries, stages);
  SetScores set;
  set.scores.resize(entries.size());
  std::vector<std::string> failures;
  for (std::size_t i = 0; i < all.size(); ++i) {
    Judged& judged = all[i];
    if (!judged.failure.empty()) {
      failures.push_back(std::move(judged.failure));
      continue;
    }
    set.paths.push_back(photographs.info(i).path);
    set.bce.push_back(judged.bce);
    set.kld.push_back(judged.kld);
    auto score = judged.scores.begin();
    for (std::size_t k = 0; k < entries.size(); ++k) {
      if (entries[k] != nullptr) {
        set.scores[k].push_back(*score++);
      }
    }
  }
  stages.report_failures(failures);
  if (set.paths.empty()) {
    throw FormatError(fmt::format("{}: no photograph could be judged{}", name,
                                  failures.empty() ? "" : "; the first: " + failures.front()));
  }
  return set;
}

}  // namespace gradspace
