// Scores the quality of many pairs of image files, on all cores.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/job_observer.h"
#include "gradspace/quality.h"
#include "gradspace/source.h"

namespace gradspace {

struct ImagePair {
  std::filesystem::path reference;
  std::filesystem::path distorted;

  friend bool operator==(const ImagePair&, const ImagePair&) = default;
};

/// Images to compare: paired by name or by a list, never by the order of a listing.
struct PairList {
  std::vector<ImagePair> pairs;
  /// Images without a partner, a line each.
  std::vector<std::string> unmatched;
  /// How many files the folders hold that were passed over, a line each.
  std::vector<std::string> remarks = {};
};

/// A CSV with the columns `reference` and `distorted` (others are not read): paths relative to its
/// folder. Throws IoError, FormatError.
GRADSPACE_API PairList pairs_of_csv(const std::filesystem::path& csv);

/// The images of two folders, with all folders in them, that have one path relative to them; the
/// extensions may differ where no other image has the name. In order of the references' paths. Throws
/// IoError, and FormatError when a folder holds no image.
GRADSPACE_API PairList pairs_of_folders(const std::filesystem::path& references,
                                        const std::filesystem::path& distorted,
                                        const SourceOptions& options = {});

using QualityMetrics = std::vector<std::unique_ptr<QualityMetric>>;

/// Whether one of these metrics uses a decoder. Unknown names count as metrics that do not.
GRADSPACE_API bool uses_decoder(std::span<const std::string> metrics);

/// Metrics by their names, in order. `decoder` is read only by those that use one; null = the shipped one.
/// Throws InvalidArgument for a name that is not known.
GRADSPACE_API QualityMetrics make_quality_metrics(std::span<const std::string> names,
                                                  const LinearDecoder* decoder = nullptr);

struct GRADSPACE_API ScorePairsOptions {
  int threads = 0;  ///< 0 = all cores
  /// What the pairs' paths are relative to; messages name the paths without it.
  std::filesystem::path root;
  /// Hand pairs over in their order; else each when it is done.
  bool in_order = true;

  /// Throws InvalidArgument.
  void validate() const;
};

/// What one metric says of a pair: a value, or the reason why it gives none.
struct MetricScore {
  std::optional<double> value;
  std::string failure = {};  ///< one line that names the image; empty where there is a value

  friend bool operator==(const MetricScore&, const MetricScore&) = default;
};

/// What became of one pair. A metric that refuses it (an image too small for it, or without variance) leaves
/// those of the others as they are.
struct PairScore {
  std::vector<MetricScore> scores;  ///< by metric; empty when none gave a value
  std::string failure;              ///< empty when at least one did; else why not, one line
  bool reference_failed =
      false;                 ///< it is the reference that could not be read, or used by any metric
  std::uint64_t pixels = 0;  ///< of the reference; 0 when it could not be read

  /// Whether there is a value, of whichever metric.
  bool ok() const { return failure.empty(); }
  /// Whether there is one of every metric.
  bool complete() const {
    return ok() && std::all_of(scores.begin(), scores.end(),
                               [](const MetricScore& score) { return score.value.has_value(); });
  }
};

/// Why metrics gave no value to a pair that has some, a line a reason: "ssim: small.png: ...". `names` are
/// the metrics', in their order.
GRADSPACE_API std::vector<std::string> metric_failures(const PairScore& score,
                                                       std::span<const std::string> names);

/// Scores all pairs. Neighbours with one reference share its preparation, so list them side by side.
/// Memory is bounded: large images wait for one another (48 bytes a pixel are reckoned with, and 16 more for each
/// of three further metrics, within 1 GiB; a pair that wants more is scored alone). `on_pair` is called once a
/// pair with its number, one call at a time, as the observer's functions are; progress comes after it. False
/// when the observer ended the work: then some pairs were not handed over. Scores do not depend on the number
/// of threads.
GRADSPACE_API bool score_pairs(
    const QualityMetrics& metrics, std::span<const ImagePair> pairs,
    const std::function<void(std::size_t pair, const PairScore& score)>& on_pair,
    const ScorePairsOptions& options = {}, const JobObserver& observer = {});

}  // namespace gradspace
