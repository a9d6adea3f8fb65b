// A feature set's index as a table for other programs.
#pragma once

#include <filesystem>

#include "gradspace/export.h"
#include "gradspace/feature_set.h"
#include "gradspace/job_observer.h"

namespace gradspace {

/// Writes the index as CSV, to `path`, compressed where that ends with ".csv.zst" (table_file.h): row, path, set,
/// challenge, level, class, label, bce, kld, of tiles tile_x and tile_y. Where every block of the set is one column, as
/// of a job of scores, their values follow: score, p_value. Numbers have the digits that read back the same. Progress
/// counts rows; false when the observer ended it, and nothing is written then. Throws InvalidArgument for another name;
/// IoError; FormatError for what is damaged.
GRADSPACE_API bool write_feature_table(const FeatureSet& set, const std::filesystem::path& path,
                                       const JobObserver& observer = {});

}  // namespace gradspace
