// Features of very many images, in shards: a job is a folder on a file system that all its workers share.
//
//   JOB/plan.json         what is to be done; written once, never changed
//   JOB/model.safetensors the model, copied there; and JOB/detector.safetensors, where scores are wanted
//   JOB/claims/           who works on which shard, with a heartbeat
//   JOB/work/             what is unfinished
//   JOB/parts/NNNNNN/     a finished part: a feature set (feature_set.h) and its record, part.json
//   JOB/failed/           why shards could not be done
//   JOB/damaged/          parts that were found damaged and set aside
//   JOB/set.json          after `merge_parts`: the manifest that makes JOB one feature set
//   JOB/moments.safetensors  the same of a job that keeps moments (moments.h) in the place of rows
//
// Any number of workers, started and ended at any time, take shards until none is left. The part of a shard depends on
// the plan alone, not on who made it or how often it was interrupted. A shard is counted as done when its part has been
// renamed into place, which the file system lets happen once: of two workers on one shard the first one counts. That
// holds whatever becomes of claims, which only keep workers from doing work twice.
//
// The file system must have exclusive creation of files and must rename folders as one step, as POSIX says and NFS,
// Lustre, GPFS and local disks do. Clocks need not agree: a worker is taken for lost when its heartbeat has not changed
// for a while by the observer's own clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/backends.h"
#include "gradspace/export.h"
#include "gradspace/feature_set.h"
#include "gradspace/job_observer.h"
#include "gradspace/moments.h"
#include "gradspace/ranks.h"
#include "gradspace/source.h"
#include "gradspace/tiles.h"

namespace gradspace {

/// The most shards of a job.
inline constexpr std::size_t kMaxShards = 1'000'000;

/// Images that one worker takes at a time.
struct Shard {
  std::string uri;  ///< what `open_source` takes: a folder, a file of images
  /// What is known of it; a shard that is otherwise when a worker opens it fails.
  std::optional<std::uint64_t> bytes = {};  ///< of a shard that is one file
  std::optional<std::uint64_t> rows = {};   ///< how many images it lists
  std::string sha256 = {};  ///< of a shard that is one file, lower-case hex; empty: not known

  friend bool operator==(const Shard&, const Shard&) = default;
};

/// A list of shards: one uri a line; or CSV whose header has the column `uri` and any of `bytes`, `rows`, `sha256`.
/// Blank lines and lines that begin with '#' are passed over. Paths are relative to the working directory. Throws
/// IoError, FormatError naming file and line.
GRADSPACE_API std::vector<Shard> read_shard_list(const std::filesystem::path& file);

struct GRADSPACE_API PlanOptions {
  std::string features;            ///< as for `parse_features`; empty: the paper's
  std::size_t project = 0;         ///< to so many columns, as `project_features` does; 0: not
  std::uint64_t project_seed = 0;  ///< below 2^63
  FeatureType type = FeatureType::kFloat32;  ///< that features are stored as
  /// The file of a detector whose scores are wanted in the place of features: the set then has the columns "score" and
  /// "p_value". Made by the native engine; not for photographs by their tiles.
  std::filesystem::path detector = {};
  /// Tiles of photographs in the place of images; the model's size. Their number of each photograph is not worked out
  /// from how many there are.
  std::optional<TileDraw> tiles = {};
  /// What is kept of a shard in the place of its rows, which then are never written. A shard that is interrupted begins
  /// anew.
  std::optional<MomentsKind> moments = {};
  double memory_gib = 4;  ///< the most that the moments of a shard may take; no part of the plan
  BackendChoice backend;  ///< native or torch
  /// Of the native engine; kBest is that of the processor that plans. Results have the same bits wherever it is used,
  /// and a processor without it can't work on the job.
  InstructionSet instruction_set = InstructionSet::kBest;
  std::string source = "auto";   ///< as for `parse_source_kind`
  SourceOptions source_options;  ///< which files of folders are taken
  /// Without a heartbeat for so long a worker is taken for lost; workers give ten in that time.
  std::chrono::milliseconds lost_after{60'000};

  /// Throws InvalidArgument.
  void validate() const;
};

/// `plan.json`. Immutable.
struct ShardPlan {
  std::string version;  ///< of gradspace
  std::string model_sha256;
  std::string detector_sha256;  ///< empty where features are wanted
  /// Resolved: kBest only where there is portable code alone; the detector's file left out.
  PlanOptions options;
  std::vector<Shard> shards;
  std::string digest;  ///< SHA-256 of the file; parts bear it
};

/// Makes the job's folder with the plan and a copy of the model, which must not be there yet. Relative paths of
/// shards are made absolute; "pipe:..." and "scheme://..." stay as they are. An image's path in the index is
/// `shard_names`' name of its shard, '/', and its path in the shard. Throws InvalidArgument when there is no shard,
/// there are too many, a uri is empty, stands twice or lies within another, or features or options don't fit the
/// model; IoError.
GRADSPACE_API ShardPlan plan_shards(const std::filesystem::path& job,
                                    const std::filesystem::path& model, std::vector<Shard> shards,
                                    PlanOptions options = {});

/// Throws IoError; FormatError, also for one of a newer format version.
GRADSPACE_API ShardPlan read_plan(const std::filesystem::path& job);

/// The uris without the folders (up to a '/') that all begin with.
GRADSPACE_API std::vector<std::string> shard_names(const std::vector<Shard>& shards);

/// Ranges of numbers: "3,17,40-44". `parse_numbers` gives them in rising order, each once; it throws InvalidArgument
/// for anything else and for numbers from `end` on.
GRADSPACE_API std::string numbers_text(const std::vector<std::uint32_t>& rising);
GRADSPACE_API std::vector<std::uint32_t> parse_numbers(std::string_view text, std::uint32_t end);

struct GRADSPACE_API WorkOptions {
  int threads = 0;  ///< 0 = all cores
  int batch = 256;  ///< images a call of the backend
  /// These shards alone, also those that failed before, and in place of parts that are damaged. Empty: all that are not
  /// done and have not failed.
  std::vector<std::uint32_t> shards = {};
  bool retry_failed = false;  ///< without `shards`: also those that failed before
  /// The processes of an MPI job, all of which call `work_on_shards`: each then takes the shards that a counter gives
  /// it, so that no two try for one. Workers beside the job do no harm. Outlives the call.
  Ranks* ranks = nullptr;
  /// For shards that others work on, to take them over where their workers are lost.
  bool wait = true;

  /// Throws InvalidArgument.
  void validate() const;
};

struct WorkResult {
  std::uint64_t done = 0;    ///< shards that this worker finished
  std::uint64_t failed = 0;  ///< shards that could not be done
  std::uint64_t left = 0;  ///< of the wanted ones, without a part: they failed, or others have them
  bool stopped = false;    ///< on request
};

/// Works on a job. The observer's progress counts shards: those with a part among the wanted ones. A shard that can't
/// be read, or has no image that can, is noted in JOB/failed and reported as a failure; the work goes on with the
/// others. What goes wrong in the job's folder, such as a full disk, is thrown: the position is kept, and another
/// worker goes on. Throws what `read_plan` does; FormatError when the model's copy is not the plan's; InvalidArgument
/// when the processor has not the plan's instruction set.
GRADSPACE_API WorkResult work_on_shards(const std::filesystem::path& job,
                                        const WorkOptions& options = {},
                                        const JobObserver& observer = {});

enum class ShardState : std::uint8_t {
  kMissing,  ///< nobody has begun, or who had begun has given it back
  kClaimed,  ///< somebody works on it, or died while doing so
  kFailed,   ///< can't be done; `ShardReport::text` says why
  kDamaged,  ///< its part has other sizes or another record than it should
  kDone,
};

/// "missing", "claimed", "failed", "damaged", "done".
GRADSPACE_API std::string_view name(ShardState state);

struct ShardReport {
  std::uint32_t shard = 0;
  ShardState state = ShardState::kMissing;
  /// One line: who has claimed it and how far they are, why it failed, what is damaged.
  std::string text;
};

struct GRADSPACE_API JobStatus {
  std::vector<ShardState> states;    ///< a state a shard
  std::vector<ShardReport> reports;  ///< of those that are claimed, failed or damaged, in order
  std::uint64_t images = 0;          ///< of finished parts: rows and failures
  std::uint64_t rows = 0;
  std::uint64_t failures = 0;
  bool merged = false;  ///< whether there is a manifest

  std::uint64_t count(ShardState state) const;
};

/// Looks at records and sizes of all parts, but at no content. Throws what `read_plan` does; IoError.
GRADSPACE_API JobStatus job_status(const std::filesystem::path& job);

/// The shards without a good part that nobody is seen to work on. Where shards are claimed it watches their
/// heartbeats for a fifth of the plan's `lost_after`: a claim whose heartbeat changes is left out. `stop` is asked
/// meanwhile.
GRADSPACE_API std::vector<std::uint32_t> missing_shards(const std::filesystem::path& job,
                                                        const std::function<bool()>& stop = {});

struct MergeOptions {
  bool verify = false;         ///< read every byte of the parts and hold it against its checksum
  bool allow_missing = false;  ///< leave out shards that have no part
  /// Where to write one feature set of all rows; empty: the parts stay where they are, and JOB/set.json makes JOB a
  /// set. Of moments, the file of their sum; empty: JOB/moments.safetensors.
  std::filesystem::path copy = {};
};

struct MergeResult {
  std::uint64_t parts = 0;
  std::uint64_t rows = 0;
  std::uint64_t failures = 0;
  /// Shards without a good part: without `allow_missing`, nothing is written when there are any.
  std::vector<std::uint32_t> missing;
  bool stopped = false;  ///< on request; the same call goes on with a copy
};

/// Makes one feature set of all parts, in the shards' order, or adds their moments along the tree of MomentsTree, which
/// holds those of log2(shards) + 2 shards at a time. Parts that are damaged are reported as failures and set
/// aside, so that they are missing. Progress counts parts. Throws what `read_plan` does; IoError; InvalidArgument when
/// there is no part at all.
GRADSPACE_API MergeResult merge_parts(const std::filesystem::path& job,
                                      const MergeOptions& options = {},
                                      const JobObserver& observer = {});

struct GRADSPACE_API SlurmOptions {
  std::string command = "gradspace";    ///< as the nodes call it
  std::uint32_t tasks_at_a_time = 0;    ///< 0 = as many as Slurm lets run
  std::uint32_t max_array_size = 1001;  ///< Slurm's MaxArraySize: an array's numbers lie below it
  std::uint32_t cpus = 4;               ///< a task
  std::string memory = "1G";            ///< a task
  std::string time = "04:00:00";        ///< a task, which goes on later where that is too little
  std::vector<std::string> lines = {};  ///< further options of sbatch, such as "--partition=short"

  /// Throws InvalidArgument, also for texts with line breaks.
  void validate() const;
};

/// Writes work.sbatch, merge.sbatch and submit.sh to JOB/slurm; `submit.sh` hands in what is missing, in arrays, and a
/// merge behind them. Returns its path. Throws InvalidArgument, IoError.
GRADSPACE_API std::filesystem::path write_slurm_scripts(const std::filesystem::path& job,
                                                        const SlurmOptions& options = {});

}  // namespace gradspace
