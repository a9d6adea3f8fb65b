// Makes the part of a shard: from images to a feature set in its place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/attempt_folder.h"
#include "cluster/claim.h"
#include "cluster/job_folder.h"
#include "cluster/part_record.h"
#include "core/watched.h"
#include "gradspace/cluster.h"
#include "gradspace/detector.h"
#include "gradspace/feature_set.h"
#include "gradspace/gradient.h"
#include "gradspace/model.h"

namespace gradspace {

/// A shard that can't be done, which costs no other shard anything.
struct ShardFailed {
  std::string reason;
};

/// Images of a finished set.
struct PartCounts {
  std::uint64_t rows = 0;
  std::uint64_t failures = 0;  ///< left out
};

class PartMaker {
 public:
  /// All three outlive it. Throws what `read_model` does; FormatError when the copy of model or detector is not the
  /// plan's; InvalidArgument when the processor has not the plan's instructions.
  PartMaker(const JobFolder& job, const ShardPlan& plan, const WorkOptions& options);

  /// Goes on with what earlier workers left of the shard. False when it was stopped: the position is noted. Throws
  /// ShardFailed; IoError for what is wrong in the job's folder.
  bool make(std::uint32_t shard, Claim& claim, Watched& watched) const;

 private:
  std::unique_ptr<GradientBackend> make_backend() const;
  FeatureSetMeta describe(const Source& source, std::uint32_t shard) const;
  /// Nothing when it was stopped.
  std::optional<PartCounts> extract(const Source& source, std::uint32_t shard,
                                    const AttemptFolder& attempt, const FeatureSetMeta& meta,
                                    Claim& claim, Watched& watched) const;
  /// The same of a part of moments, which is begun anew.
  std::optional<PartCounts> make_moments(const Source& source, std::uint32_t shard,
                                         const AttemptFolder& attempt, const FeatureSetMeta& meta,
                                         Claim& claim, Watched& watched) const;
  void put_in_place(const std::filesystem::path& set, PartRecord record) const;

  const JobFolder& job_;
  const ShardPlan& plan_;
  const WorkOptions& options_;
  std::vector<std::string> names_;
  Model model_;
  std::optional<Detector> detector_;  ///< where scores are wanted
  std::vector<FeatureBlock> blocks_;
};

}  // namespace gradspace
