// The files of a comparison of folders.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gradspace/compare_folders.h"

namespace gradspace {

/// scores.csv: the images that were scored.
std::string folder_scores_csv(const FolderComparison& comparison);

/// results.json without its checksum.
nlohmann::json folder_comparison_json(const FolderComparison& comparison, nlohmann::json options);

}  // namespace gradspace
