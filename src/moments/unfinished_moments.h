// The moments of a shard that is not done yet, as a file: who goes on from it comes to the bits of who did not stop.
//
// Safetensors of the kind "unfinished moments": what a file of moments has (gradspace/moments.h), of whole pieces of
// rows; the tensor "waiting", [n, D], rows of the next piece; and in the metadata "of", what describes the set, and
// "images_done" and "failures", how far the set's source is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gradspace/moments.h"

namespace gradspace {

/// How far a source is.
struct MomentsProgress {
  std::string set;                         ///< which one: its meta as JSON text
  std::uint64_t images_done = 0;           ///< the source's first ones
  std::vector<FailedImage> failures = {};  ///< those among them that could not be read
};

struct UnfinishedMoments {
  FeatureMoments summed;       ///< of whole pieces; may be of no rows
  std::vector<float> waiting;  ///< [n, D], n < kMomentsPieceRows
  MomentsProgress progress;
};

std::vector<std::uint8_t> serialise_unfinished_moments(const MomentsBuilder& builder,
                                                       const MomentsProgress& progress);
/// Throws FormatError; `name` stands in messages.
UnfinishedMoments parse_unfinished_moments(std::span<const std::uint8_t> bytes,
                                           const std::string& name);

/// Throws IoError, FormatError.
UnfinishedMoments read_unfinished_moments(const std::filesystem::path& path);

}  // namespace gradspace
