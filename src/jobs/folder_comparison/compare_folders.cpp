#include "gradspace/compare_folders.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "core/arena.h"
#include "core/checksum.h"
#include "core/file.h"
#include "core/hash.h"
#include "gradspace/error.h"
#include "gradspace/output_lock.h"
#include "gradspace/quality.h"
#include "gradspace/score_pairs.h"
#include "gradspace/version.h"
#include "jobs/folder_comparison/folder_names.h"
#include "jobs/folder_comparison/folder_pairs.h"
#include "jobs/folder_comparison/outputs.h"
#include "jobs/folder_comparison/summaries.h"
#include "jobs/options.h"
#include "jobs/quality_metrics.h"
#include "jobs/score_journal.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using OnComparedPair = std::function<void(const FolderComparison&, const ComparedPair&)>;

constexpr double kBitsAByte = 8;

void require_different(const std::vector<fs::path>& folders, std::string_view where) {
  std::set<std::string> seen;
  for (const fs::path& folder : folders) {
    if (!seen.insert(folder_identity(folder)).second) {
      throw InvalidArgument(fmt::format("iqa: {}: stands twice among {}", folder.string(), where));
    }
  }
}

/// Scores the pairs that no earlier run has scored, and hands over all of them in order.
class Comparing {
 public:
  Comparing(FolderComparison& comparison, FolderPairs listed, const OnComparedPair& on_pair,
            const JobObserver& observer)
      : comparison_(comparison),
        listed_(std::move(listed)),
        on_pair_(on_pair),
        observer_(observer) {}

  const FolderPairs& listed() const { return listed_; }

  /// Takes what it has, and keeps there what `run` scores.
  void use_journal(ScoreJournal& journal) { journal_ = &journal; }

  /// False when it was ended on request.
  bool run(const QualityMetrics& metrics, int threads) {
    std::vector<std::size_t> numbers;
    std::vector<ImagePair> files;
    for (std::size_t i = 0; i < listed_.pairs.size(); ++i) {
      if (journal_ == nullptr || !journal_->scores().contains(i)) {
        numbers.push_back(i);
        files.push_back(listed_.files[i]);
      }
    }
    ScorePairsOptions options;
    options.threads = threads;
    JobObserver stops;
    stops.stop_requested = observer_.stop_requested;
    const bool done = score_pairs(
        metrics, files,
        [&](std::size_t i, const PairScore& score) {
          hand_over_known(numbers[i]);
          take(numbers[i], score);
        },
        options, stops);
    if (done) {
      hand_over_known(listed_.pairs.size());
    }
    return done;
  }

 private:
  /// The pairs before `end` that an earlier run has scored.
  void hand_over_known(std::size_t end) {
    for (; next_ < end; ++next_) {
      const std::vector<double>& values = journal_->scores().at(next_);
      ComparedPair pair = std::move(listed_.pairs[next_]);
      pair.scores.assign(values.begin(), values.end() - 1);
      count_bits(pair, values.back());
      hand_over(std::move(pair));
    }
  }

  void take(std::size_t number, const PairScore& score) {
    ComparedPair pair = std::move(listed_.pairs[number]);
    count_bits(pair, static_cast<double>(score.pixels));
    std::vector<double> values;
    for (const MetricScore& metric : score.scores) {
      pair.scores.push_back(metric.value);
      values.push_back(metric.value.value_or(std::numeric_limits<double>::infinity()));
    }
    if (score.complete() && journal_ != nullptr) {  // others are scored and reported again
      values.push_back(static_cast<double>(score.pixels));
      journal_->append(number, values);
    }
    pair.failures = score.ok() ? metric_failures(score, comparison_.metrics)
                               : std::vector<std::string>{score.failure};
    report(pair, score);
    next_ = number + 1;
    hand_over(std::move(pair));
  }

  static void count_bits(ComparedPair& pair, double pixels) {
    pair.bits_per_pixel = pixels > 0 ? kBitsAByte * static_cast<double>(pair.bytes) / pixels : 0;
  }

  /// A reference that fails is reported once for all folders.
  void report(const ComparedPair& pair, const PairScore& score) {
    if (!observer_.on_failure || (score.reference_failed && pair.reference == failed_reference_)) {
      return;
    }
    failed_reference_ = score.reference_failed ? pair.reference : std::string();
    for (const std::string& line : pair.failures) {
      observer_.on_failure(line);
    }
  }

  void hand_over(ComparedPair pair) {
    comparison_.pairs.push_back(std::move(pair));
    if (on_pair_) {
      on_pair_(comparison_, comparison_.pairs.back());
    }
    if (observer_.on_progress) {
      observer_.on_progress(comparison_.pairs.size(), listed_.pairs.size());
    }
  }

  FolderComparison& comparison_;
  FolderPairs listed_;
  const OnComparedPair& on_pair_;
  const JobObserver& observer_;
  ScoreJournal* journal_ = nullptr;
  std::size_t next_ = 0;  ///< the first pair that is not handed over
  std::string failed_reference_;
};

/// One call of compare_folders.
class FolderRun {
 public:
  FolderRun(const CompareFoldersOptions& options, const OnComparedPair& on_pair,
            const JobObserver& observer)
      : options_(options),
        observer_(observer),
        comparing_(comparison_, list_folder_pairs(options), on_pair, observer) {
    comparison_.metrics = options.metrics;
    comparison_.own_decoder = !options.decoder.empty();
    comparison_.folders = comparing_.listed().folders;
    tell(observer.on_remark, comparing_.listed().remarks);
    for (const ComparedFolder& folder : comparison_.folders) {
      tell(observer.on_failure, folder.unmatched);
    }
    loaded_ = load_quality_metrics(options.metrics, options.decoder);
  }

  FolderComparison finish() {
    std::optional<OutputLock> lock;
    std::unique_ptr<ScoreJournal> journal;
    if (!options_.out.empty()) {
      lock.emplace(OutputLock::of_folder(options_.out));
      journal = open_journal();
      comparing_.use_journal(*journal);
    }
    comparison_.stopped = !comparing_.run(loaded_.metrics, options_.threads);
    summarise_folders(comparison_);
    if (comparison_.stopped) {
      return std::move(comparison_);
    }
    compare_curves(comparison_, options_);
    if (journal && comparison_.any_scored()) {
      write_file(options_.out / "scores.csv", folder_scores_csv(comparison_));
      write_file(options_.out / "results.json",
                 sealed_json(folder_comparison_json(comparison_, options_json()), 1));
      journal->remove();
    }
    return std::move(comparison_);
  }

 private:
  static void tell(const std::function<void(std::string_view)>& listener,
                   const std::vector<std::string>& lines) {
    if (listener) {
      std::ranges::for_each(lines, listener);
    }
  }

  std::unique_ptr<ScoreJournal> open_journal() {
    const std::vector<ImagePair>& files = comparing_.listed().files;
    std::string paths;
    for (const ImagePair& pair : files) {
      paths += fs::absolute(pair.reference).string() + '\n' +
               fs::absolute(pair.distorted).string() + '\n';
    }
    ScoredBy by;
    by.identity = {{"gradspace_version", kVersion},
                   {"pairs_sha256", content_digest(paths, {})},
                   {"metrics", options_.metrics},
                   {"decoder_sha256", loaded_.decoder_sha256}};
    by.pairs = files.size();
    by.metrics = options_.metrics.size() + 1;  // and the pixels
    by.state_of_pair = [&files](std::size_t i) {
      return state_of_files(files[i].reference, files[i].distorted);
    };
    auto journal = std::make_unique<ScoreJournal>(options_.out / "scores.journal", by);
    if (journal->left_out() > 0) {
      tell(observer_.on_remark, {journal->left_out_remark(options_.out)});
    }
    return journal;
  }

  json options_json() const {
    return {{"command", "iqa"},
            {"references", fs::absolute(options_.references).lexically_normal().string()},
            {"metrics", options_.metrics},
            {"decoder", options_.decoder.empty() ? "shipped" : options_.decoder.string()},
            {"decoder_sha256", loaded_.decoder_sha256},
            {"hidden", options_.source.hidden}};
  }

  const CompareFoldersOptions& options_;
  const JobObserver& observer_;
  FolderComparison comparison_;
  Comparing comparing_;
  LoadedMetrics loaded_;
};

/// The sum of a count over all folders.
template <typename Count>
std::size_t over_folders(const FolderComparison& comparison, const Count& count) {
  std::size_t sum = 0;
  for (const ComparedFolder& folder : comparison.folders) {
    sum += count(folder);
  }
  return sum;
}

}  // namespace

void CompareFoldersOptions::validate() const {
  if (folders.empty() && curves.empty()) {
    throw InvalidArgument("iqa: no folder is to be compared");
  }
  if (metrics.empty()) {
    throw InvalidArgument("iqa: no metric is asked for");
  }
  for (const std::string& metric : metrics) {
    quality_metric_info(metric);
    if (std::ranges::count(metrics, metric) > 1) {
      throw InvalidArgument(fmt::format("iqa: {} is asked for twice", metric));
    }
  }
  require_different(folders, "the folders");
  std::vector<fs::path> of_curves;
  for (const NamedCurve& curve : curves) {
    if (curve.name.empty() || curve.folders.empty()) {
      throw InvalidArgument("iqa: a curve must have a name and a folder");
    }
    of_curves.insert(of_curves.end(), curve.folders.begin(), curve.folders.end());
  }
  require_different(of_curves, "the curves' folders");
  require_threads(threads, "iqa");
  FolderComparison named;
  named.folders = compared_folders(*this);
  find_curves(named, *this);  // throws for a wrong anchor
}

bool FolderComparison::any_scored() const {
  return std::ranges::any_of(pairs, &ComparedPair::scored);
}

std::size_t FolderComparison::failed() const {
  return over_folders(*this, [](const ComparedFolder& folder) { return folder.failed; });
}

std::size_t FolderComparison::incomplete() const {
  return over_folders(*this, [](const ComparedFolder& folder) { return folder.incomplete; });
}

std::size_t FolderComparison::unmatched() const {
  return over_folders(*this, [](const ComparedFolder& folder) { return folder.unmatched.size(); });
}

FolderComparison compare_folders(const CompareFoldersOptions& options,
                                 const OnComparedPair& on_pair, const JobObserver& observer) {
  options.validate();
  return in_arena(options.threads, [&] { return FolderRun(options, on_pair, observer).finish(); });
}

}  // namespace gradspace
