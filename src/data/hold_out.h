// Images by folds, so that what belongs together is not parted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradspace/hold_out.h"
#include "gradspace/source.h"

namespace gradspace {

/// A fold, 0 to `folds` - 1, for each path; paths are in their order. Blocks are as many as folds.
std::vector<std::uint32_t> folds_of(std::span<const std::string> paths, HoldOut hold_out,
                                    std::uint32_t folds, std::uint64_t seed);

/// The folder that a path lies in.
std::string folder_of(const std::string& path);

/// Positions of a source in two, each ascending: of ten folds, `held_folds` drawn by the seed are held out. Throws
/// InvalidArgument when one side would be empty.
struct SplitPositions {
  std::vector<std::uint32_t> kept;
  std::vector<std::uint32_t> held;
};
SplitPositions split_positions(const Source& source, std::span<const std::uint32_t> candidates,
                               HoldOut hold_out, std::uint32_t held_folds, std::uint64_t seed);

}  // namespace gradspace
