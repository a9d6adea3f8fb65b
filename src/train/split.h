// Which images of a source to train on and which to validate on, when nobody says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradspace/hold_out.h"
#include "gradspace/source.h"

namespace gradspace {

struct TrainingSplit {
  std::vector<std::uint32_t> train;       ///< positions in the source, ascending
  std::vector<std::uint32_t> validation;  ///< the same
  std::string rule;                       ///< how they were chosen, for the user
};

/// A source with challenge-free `train` and `val` sets (a CURE-TSR tree): these. Otherwise
/// `images_of_set(source, "train")`, of which a tenth, at least one, is held out for validation: by blocks or
/// folders as split_positions does; at random those whose paths, hashed with the seed, come first. Without a
/// way to hold out, `default_hold_out`'s. Throws InvalidArgument when there are fewer than two images, or folders.
TrainingSplit split_for_training(const Source& source, std::uint64_t seed,
                                 std::optional<HoldOut> hold_out = std::nullopt);

/// The challenge-free images of the set `set` ("train" or "val"); of a source without such images all that are
/// challenge-free; of one without these, all.
std::vector<std::uint32_t> images_of_set(const Source& source, const std::string& set);

}  // namespace gradspace
