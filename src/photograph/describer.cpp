#include "photograph/describer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gradspace/error.h"

namespace gradspace {
namespace {

/// BCE and KLD.
constexpr std::size_t kLosses = 2;

Extent extent_of(const Model* model, const Tiling& tiling) {
  const int channels = model == nullptr ? 3 : model->spec.input.channels;
  return {channels, tiling.height, tiling.width};
}

std::unique_ptr<gradient::LaneReconstruction> engine_of(const Model& model, const Extent& extent) {
  if (model.spec.input != extent) {
    throw InvalidArgument(
        fmt::format("photographs: tiles of {}x{} pixels, but the model takes {}x{}", extent.width,
                    extent.height, model.spec.input.width, model.spec.input.height));
  }
  return std::make_unique<gradient::LaneReconstruction>(model);
}

/// The first `count` lanes of [columns.size(), lanes] values.
void append_lanes(const float* values, std::size_t lanes, std::size_t count,
                  std::vector<std::vector<float>>& columns) {
  for (std::vector<float>& column : columns) {
    column.insert(column.end(), values, values + count);
    values += lanes;
  }
}

void clear(std::vector<std::vector<float>>& columns) {
  for (std::vector<float>& column : columns) {
    column.clear();
  }
}

float mean_of(std::span<const float> column) {
  return static_cast<float>(std::accumulate(column.begin(), column.end(), 0.0) /
                            static_cast<double>(column.size()));
}

void append_summaries(const std::vector<std::vector<float>>& columns, std::vector<float>& out) {
  for (const std::vector<float>& column : columns) {
    append_summary(column, out);
  }
}

}  // namespace

PhotographDescriber::PhotographDescriber(const Model* model, const PhotographParts& parts,
                                         const Tiling& tiling)
    : parts_(parts),
      extent_(extent_of(model, tiling)),
      kernels_(gradient::kernels(InstructionSet::kBest)),
      own_images_(gradient::allocate_floats(parts.gradients ? 0 : extent_.size() * kernels_.lanes)),
      tiles_(tiling, extent_.channels, kernels_),
      energies_(extent_) {
  for (std::size_t i = 0; parts.gradients && i < model->members(); ++i) {
    members_.push_back(
        {engine_of(member_of(*model, i), extent_), Columns(energies_.columns()), Columns(kLosses)});
  }
  if (parts.image) {
    image_.resize(energies_.columns());
    means_.resize(static_cast<std::size_t>(extent_.channels));
  }
}

const PhotographNumbers& PhotographDescriber::describe(const ImageView& photograph,
                                                       std::string_view name) {
  clear(image_);
  clear(means_);
  for (Member& member : members_) {
    clear(member.residual);
    clear(member.losses);
  }
  const TileGrid grid = tiles_.grid_of(photograph, name);
  for (std::size_t first = 0; first < grid.size(); first += kernels_.lanes) {
    const gradient::LaneGroup group{first, std::min(kernels_.lanes, grid.size() - first)};
    tiles_.load(photograph, grid, group, images());
    describe_group(group.count);
  }
  numbers_.columns = grid.columns;
  numbers_.rows = grid.rows;
  summarise_gradients();
  numbers_.image.clear();
  if (parts_.image) {
    append_summaries(image_, numbers_.image);
    const PixelCounts pixels = count_pixels(photograph);
    append_tones(pixels, numbers_.image);
    append_blocking(pixels, numbers_.image);
  }
  join_columns(grid.size());
  return numbers_;
}

/// The tiles in the first `count` lanes.
void PhotographDescriber::describe_group(std::size_t count) {
  if (parts_.image) {
    describe_picture(count);
  }
  for (Member& member : members_) {
    if (member.engine->images() != images()) {
      std::copy_n(images(), extent_.size() * kernels_.lanes, member.engine->images());
    }
    describe_residual(count, member);
  }
}

void PhotographDescriber::describe_picture(std::size_t count) {
  const std::size_t lanes = kernels_.lanes;
  float* described = described_.room(energies_.columns() * lanes);
  energies_.compute({images(), nullptr, lanes}, described);
  append_lanes(described, lanes, count, image_);
  const auto channels = static_cast<std::size_t>(extent_.channels);
  const std::size_t area = extent_.size() / channels;
  std::fill_n(described, channels * lanes, 0.0F);
  kernels_.add_channel_sums(images(), channels, area, described);
  for (std::size_t i = 0; i < channels * lanes; ++i) {
    described[i] /= static_cast<float>(area);
  }
  append_lanes(described, lanes, count, means_);
}

void PhotographDescriber::describe_residual(std::size_t count, Member& member) {
  const std::size_t lanes = kernels_.lanes;
  float* described = described_.room(energies_.columns() * lanes);
  const gradient::LaneReconstruction::Losses losses = member.engine->run();
  energies_.compute({member.engine->images(), member.engine->reconstructions(), lanes}, described);
  append_lanes(described, lanes, count, member.residual);
  member.losses[0].insert(member.losses[0].end(), losses.bce.begin(), losses.bce.begin() + count);
  member.losses[1].insert(member.losses[1].end(), losses.kld.begin(), losses.kld.begin() + count);
}

void PhotographDescriber::summarise_gradients() {
  numbers_.gradients.clear();
  numbers_.bce = 0;
  numbers_.kld = 0;
  const auto share = static_cast<float>(members_.size());
  for (Member& member : members_) {
    append_summaries(member.residual, numbers_.gradients);
    numbers_.bce += mean_of(member.losses[0]) / share;
    numbers_.kld += mean_of(member.losses[1]) / share;
    for (std::vector<float>& column : member.losses) {
      for (float& loss : column) {
        loss = std::log(std::max(loss, 0.0F) + 1);
      }
    }
    append_summaries(member.losses, numbers_.gradients);
  }
}

/// A row a tile of what its columns say.
void PhotographDescriber::join_columns(std::size_t tiles) {
  constexpr std::size_t kTilesAtOnce = 64;  // whose rows stay in the first cache
  std::vector<const Columns*> parts;
  for (const Member& member : members_) {
    parts.push_back(&member.residual);
  }
  parts.insert(parts.end(), {&image_, &means_});
  std::size_t columns = 0;
  for (const Columns* part : parts) {
    columns += part->size();
  }
  numbers_.tile_columns = columns;
  numbers_.tiles.resize(tiles * columns);
  for (std::size_t first = 0; first < tiles; first += kTilesAtOnce) {
    const std::size_t end = std::min(first + kTilesAtOnce, tiles);
    std::size_t k = 0;
    for (const Columns* part : parts) {
      for (const std::vector<float>& column : *part) {
        for (std::size_t i = first; i < end; ++i) {
          numbers_.tiles[i * columns + k] = column[i];
        }
        ++k;
      }
    }
  }
}

}  // namespace gradspace
