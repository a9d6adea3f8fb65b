// A part that holds the moments of a shard's rows in the place of the rows.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "gradspace/extract.h"
#include "gradspace/moments.h"

namespace gradspace {

/// In a part's folder, and in the job's after `merge`.
inline constexpr const char* kMomentsFile = "moments.safetensors";

/// What a shard came to.
struct MomentsPart {
  std::uint64_t rows = 0;
  std::vector<FailedImage> failures;
  bool stopped = false;  ///< on request: nothing was written
};

/// Fills `folder`, which is made, with the moments of a source's rows and the list of images that could not be read.
/// Throws as `extract_rows`; IoError.
MomentsPart make_moments_part(const Source& source, const Extent& input,
                              const BackendFactory& make_backend, const FeatureSetMeta& meta,
                              MomentsKind kind, const ExtractOptions& options,
                              const JobObserver& observer, const std::filesystem::path& folder);

}  // namespace gradspace
