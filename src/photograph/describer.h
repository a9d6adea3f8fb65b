// From a photograph to the numbers of its tiles and of itself.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gradient/lane_reconstruction.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/tiles.h"
#include "photograph/descriptor.h"
#include "photograph/tile_lanes.h"
#include "simd/lane_memory.h"

namespace gradspace {

/// What is asked of a photograph.
struct PhotographParts {
  bool gradients = false;
  bool image = false;

  bool operator==(const PhotographParts&) const = default;
};

/// The parts' numbers; what was not asked for is empty.
struct PhotographNumbers {
  std::vector<float> gradients;  ///< by one of the model's members after the other
  std::vector<float> image;
  /// A row a tile: energies of each member's residual, of the tile, and its channels' means.
  std::vector<float> tiles;
  std::size_t tile_columns = 0;
  int columns = 0;  ///< of the grid
  int rows = 0;
  float bce = 0;  ///< means over the tiles and the members
  float kld = 0;
};

/// For one thread at a time.
class PhotographDescriber {
 public:
  /// `model` outlives it, and may be null where no gradients are asked for.
  PhotographDescriber(const Model* model, const PhotographParts& parts, const Tiling& tiling);

  /// Throws InvalidArgument for a photograph smaller than a tile. The result lives until the next call.
  const PhotographNumbers& describe(const ImageView& photograph, std::string_view name);

 private:
  using Columns = std::vector<std::vector<float>>;  ///< of all tiles so far, one a number

  /// One of the model's autoencoders, and what it says.
  struct Member {
    std::unique_ptr<gradient::LaneReconstruction> engine;
    Columns residual;
    Columns losses;
  };

  /// Where the present group of tiles lies.
  float* images() { return members_.empty() ? own_images_.get() : members_[0].engine->images(); }
  void describe_group(std::size_t count);
  void describe_picture(std::size_t count);
  /// The member's engine has the group of tiles.
  void describe_residual(std::size_t count, Member& member);
  void summarise_gradients();
  void join_columns(std::size_t tiles);

  PhotographParts parts_;
  Extent extent_;
  const gradient::Kernels& kernels_;
  std::vector<Member> members_;         ///< none where no gradients are asked for
  gradient::AlignedFloats own_images_;  ///< in lanes, where there is no engine
  TileLanes tiles_;
  TileEnergies energies_;
  PhotographNumbers numbers_;
  LaneMemory described_;  ///< what a group of lanes is told by, [columns, lanes]
  Columns image_;
  Columns means_;
};

}  // namespace gradspace
