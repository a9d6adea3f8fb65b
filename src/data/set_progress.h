// How far an unfinished feature set is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/checksum.h"
#include "core/text.h"
#include "data/feature_index.h"

namespace gradspace {

/// How far the work is: kept beside the data while it is partial. What the files hold beyond is of
/// no account; what they hold must fit the checksums.
struct SetProgress {
  std::uint64_t rows = 0;
  std::uint64_t images_done = 0;
  std::uint64_t index_bytes = kIndexHeader.size();
  std::uint64_t failures_bytes = kFailuresHeader.size();
  std::vector<std::uint64_t> whole_blocks;  ///< checksums of the matrix's
  std::uint64_t rest = checksum_of({});     ///< of the matrix after these
  std::uint64_t index = checksum_of(bytes_of(kIndexHeader));
  std::uint64_t failures = checksum_of(bytes_of(kFailuresHeader));
  std::string files_state;  ///< FeatureSetMeta::files_state
};

std::string set_progress_to_json(const SetProgress& progress);

/// Nothing when there is no such file, or not a whole one.
std::optional<SetProgress> read_set_progress(const std::filesystem::path& path);

}  // namespace gradspace
