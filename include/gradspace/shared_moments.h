// Moments of feature sets that the processes of one job sum up together (ranks.h).
#pragma once

#include <filesystem>
#include <span>

#include "gradspace/export.h"
#include "gradspace/moments.h"
#include "gradspace/ranks.h"

namespace gradspace {

/// `moments_of` with the shards dealt out to the ranks, a run of neighbours to each, to the same bits for any number of
/// ranks. All of them call it with the same sets and options, and all have the sum, for which each holds what the
/// others have summed up: one or a few moments a rank, each of at most 2 GiB by MPI. Throws as `moments_of` and
/// `Ranks::share`; where one rank does, the others wait for it until its job is ended.
GRADSPACE_API FeatureMoments moments_of(std::span<const std::filesystem::path> sets,
                                        const MomentsOptions& options, Ranks& ranks);

}  // namespace gradspace
