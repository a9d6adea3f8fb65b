// The metrics that a job scores by, with the decoder that a user may have named.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "gradspace/score_pairs.h"

namespace gradspace {

struct LoadedMetrics {
  QualityMetrics metrics;      ///< by name, in order
  std::string decoder_sha256;  ///< of the decoder's weights; empty where no metric uses one
};

/// `decoder` is a decoder's file, or empty for the one that ships; it is read where a metric uses one. Throws
/// InvalidArgument for a name that is not known, and as `load_decoder`.
LoadedMetrics load_quality_metrics(std::span<const std::string> names,
                                   const std::filesystem::path& decoder);

}  // namespace gradspace
