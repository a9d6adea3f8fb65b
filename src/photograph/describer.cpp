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
      engine_(parts.gradients ? engine_of(*model, extent_) : nullptr),
      own_images_(gradient::allocate_floats(engine_ ? 0 : extent_.size() * kernels_.lanes)),
      tiles_(tiling, extent_.channels, kernels_),
      energies_(extent_) {
  if (parts.gradients) {
    residual_.resize(energies_.columns());
    losses_.resize(kLosses);
  }
  if (parts.image) {
    image_.resize(energies_.columns());
    means_.resize(static_cast<std::size_t>(extent_.channels));
  }
}

const PhotographNumbers& PhotographDescriber::describe(const ImageView& photograph,
                                                       std::string_view name) {
  for (Columns* columns : {&residual_, &image_, &means_, &losses_}) {
    for (std::vector<float>& column : *columns) {
      column.clear();
    }
  }
  const TileGrid grid = tiles_.grid_of(photograph, name);
  for (std::size_t first = 0; first < grid.size(); first += kernels_.lanes) {
    const gradient::LaneGroup group{first, std::min(kernels_.lanes, grid.size() - first)};
    tiles_.load(photograph, grid, group, images());
    describe_group(group.count);
  }
  numbers_.columns = grid.columns;
  numbers_.rows = grid.rows;
  numbers_.gradients.clear();
  numbers_.image.clear();
  if (parts_.gradients) {
    append_summaries(residual_, numbers_.gradients);
    numbers_.bce = mean_of(losses_[0]);
    numbers_.kld = mean_of(losses_[1]);
    for (std::vector<float>& column : losses_) {
      for (float& loss : column) {
        loss = std::log(std::max(loss, 0.0F) + 1);
      }
    }
    append_summaries(losses_, numbers_.gradients);
  }
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
  const std::size_t lanes = kernels_.lanes;
  const float* values = images();
  float* described = described_.room(energies_.columns() * lanes);
  if (parts_.image) {
    energies_.compute({values, nullptr, lanes}, described);
    append_lanes(described, lanes, count, image_);
    const auto channels = static_cast<std::size_t>(extent_.channels);
    const std::size_t area = extent_.size() / channels;
    std::fill_n(described, channels * lanes, 0.0F);
    kernels_.add_channel_sums(values, channels, area, described);
    for (std::size_t i = 0; i < channels * lanes; ++i) {
      described[i] /= static_cast<float>(area);
    }
    append_lanes(described, lanes, count, means_);
  }
  if (parts_.gradients) {
    const gradient::LaneReconstruction::Losses losses = engine_->run();
    energies_.compute({values, engine_->reconstructions(), lanes}, described);
    append_lanes(described, lanes, count, residual_);
    losses_[0].insert(losses_[0].end(), losses.bce.begin(), losses.bce.begin() + count);
    losses_[1].insert(losses_[1].end(), losses.kld.begin(), losses.kld.begin() + count);
  }
}

/// A row a tile of what its columns say.
void PhotographDescriber::join_columns(std::size_t tiles) {
  constexpr std::size_t kTilesAtOnce = 64;  // whose rows stay in the first cache
  const std::size_t columns = residual_.size() + image_.size() + means_.size();
  numbers_.tile_columns = columns;
  numbers_.tiles.resize(tiles * columns);
  for (std::size_t first = 0; first < tiles; first += kTilesAtOnce) {
    const std::size_t end = std::min(first + kTilesAtOnce, tiles);
    std::size_t k = 0;
    for (const Columns* part : {&residual_, &image_, &means_}) {
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
