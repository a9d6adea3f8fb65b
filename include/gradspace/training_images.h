// Which images of which sources to train on and to validate on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/hold_out.h"
#include "gradspace/source.h"
#include "gradspace/tiles.h"

namespace gradspace {

struct TrainingSources {
  std::string data;
  std::string validation;           ///< empty: chosen from `data`
  std::string kind = "auto";        ///< as for `parse_source_kind`
  std::uint64_t seed = 0;           ///< of what is chosen
  std::optional<int> object_class;  ///< of both, the images of this class alone
  SourceOptions options = {};       ///< of both
  /// How validation images are chosen from `data`; empty: `default_hold_out`'s.
  std::optional<HoldOut> hold_out = {};
  /// Tiles of photographs instead of whole images: so many of each (0: as many as `default_tiles_per_image` says),
  /// drawn by the seed.
  std::optional<Tiling> tiles = {};
  std::size_t tiles_per_image = 0;
};

struct TrainingSets {
  std::unique_ptr<Source> training;
  std::unique_ptr<Source> validation;
  std::string
      rule;  ///< how validation images were chosen from `data`, for people; empty where given
  std::vector<std::string> remarks = {};  ///< what the sources passed over, a line each
};

/// Opens both sources, or chooses from the one: of a tree with challenge-free `train` and `val` sets these;
/// of another source a tenth, at least one image, is held out for validation. Throws InvalidArgument, IoError,
/// FormatError.
GRADSPACE_API TrainingSets open_training_sets(const TrainingSources& sources);

}  // namespace gradspace
