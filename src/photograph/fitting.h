// What the two ways of fitting a detector of photographs share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/watched.h"
#include "data/hold_out.h"
#include "gradspace/photograph.h"

namespace gradspace {

/// Photographs that a detector can be fitted to.
inline constexpr std::size_t kMinPhotographs = 20;

/// Throws InvalidArgument unless there are kMinPhotographs.
void require_least_count(std::size_t photographs);

/// Throws InvalidArgument when the model is null though the method needs one, or takes images of another size than
/// tiles.
void require_model(const Model* model, const std::string& method, bool needs_model,
                   const Tiling& tiling);

/// Into the detector's metadata: how photographs are cut, the options, what was learned from.
void record_fit(const PhotographOptions& options, std::span<const std::string> paths,
                std::span<const std::uint64_t> hashes, Detector& detector);

/// The photographs that a one-class method learns from, and those held out to judge by. Throws InvalidArgument when the
/// latter are too few for the rate of false alarms.
SplitPositions split_photographs(const Source& clean, const PhotographOptions& options);

/// `fit_photographs` by a one-class method that is fitted to tiles, on the threads that the caller chose.
Detector fit_tile_quantiles(const Model* model, const Source& clean,
                            const PhotographOptions& options, Watched& watched);

}  // namespace gradspace
