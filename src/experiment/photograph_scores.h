// What the entries that look at photographs say of a set.
#pragma once

#include <span>

#include "experiment/entry.h"
#include "experiment/set_scores.h"

namespace gradspace {

/// Scores in the columns of `entries`, of which some are null: those columns stay empty. Each photograph is read once.
/// Those that can't be read, or are smaller than a tile, are left out and reported; `name` stands in messages. Throws
/// ExperimentStopped when stopped on request, FormatError when no photograph is left.
SetScores score_photographs(const Source& photographs, const std::string& name,
                            std::span<const FittedEntry* const> entries,
                            const ExperimentStages& stages);

}  // namespace gradspace
