// How well quality metrics agree with people on a database: every pair is scored, then the scores are
// held against the opinions, in all and by distortion type.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/agreement.h"
#include "gradspace/agreement_difference.h"
#include "gradspace/export.h"
#include "gradspace/job_observer.h"

namespace gradspace {

struct GRADSPACE_API QualityBenchmarkOptions {
  std::string database;        ///< see opinion_database.h
  std::filesystem::path path;  ///< of the database
  std::filesystem::path out;   ///< folder for the files; made when it isn't there
  std::vector<std::string> metrics{"gradient", "unique", "psnr", "ssim"};
  std::filesystem::path decoder;         ///< empty = the one that ships
  std::optional<bool> larger_is_better;  ///< of opinions; empty = as the database has it
  AgreementOptions agreement;            ///< its larger_is_better is not used
  int threads = 0;                       ///< 0 = all cores

  /// Throws InvalidArgument.
  void validate() const;
};

struct QualitySummaryRow {
  std::string metric;
  std::string type;  ///< of distortion; "all"
  Agreement agreement;
};

/// How two metrics differ, on the images that all metrics have a finite score of.
struct QualityDifference {
  std::string first;
  std::string second;
  std::size_t n = 0;  ///< images
  AgreementDifference difference;
};

/// What is published of a metric on the same database; a metric of ours by its name.
struct PublishedAgreement {
  std::string metric;
  std::optional<double> srocc;
  std::optional<double> plcc;
  std::optional<double> rmse;
  std::optional<double> outlier_ratio;
  std::string source;
};

struct QualityBenchmarkResult {
  std::vector<QualitySummaryRow> summary;
  std::vector<QualityDifference>
      differences;  ///< of all pairs of metrics, over all types of distortion
  std::vector<PublishedAgreement> published;  ///< none where the database is not known
  std::size_t pairs = 0;                      ///< scored
  std::size_t listed = 0;                     ///< pairs the database should have
  std::size_t failures = 0;                   ///< files missing and pairs that could not be scored
  std::size_t incomplete = 0;  ///< of the scored pairs those that some metric gave no score
  /// What is missing or could not be scored, a line each, as the observer was told; at most 1000.
  std::vector<std::string> left_out;
  bool stopped = false;  ///< on request; nothing but the scores so far is kept
};

/// Scores all pairs and writes into `out`. The observer counts pairs; failures are files of the database that
/// are missing, and pairs that can't be scored. After a stop, what is scored is kept.
///   scores.csv    reference, distorted, type, opinion, and one column a metric; empty where a score
///                 is infinite (PSNR of equal images) or the metric refused the pair (which is reported as
///                 a failure), and then it counts for no figure of that metric
///   results.json  options, "summary", "differences", "published" and "left_out"
/// Until it is done, `out` holds scores.journal, from which a run that was killed continues when
/// database, decoder and metrics are the same; pairs whose images have changed since are scored again, as a remark
/// says. Throws InvalidArgument, IoError (also while somebody
/// else writes into `out`, see output_lock.h), FormatError; Error
/// when no pair could be scored.
GRADSPACE_API QualityBenchmarkResult run_quality_benchmark(const QualityBenchmarkOptions& options,
                                                           const JobObserver& observer = {});

/// The summary for people: figures with their intervals, published ones beside them, SROCC by type, and how the metric
/// that agrees best differs from the others.
GRADSPACE_API std::string quality_benchmark_table(const QualityBenchmarkResult& result);

}  // namespace gradspace
