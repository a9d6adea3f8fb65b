#include "photograph/describer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::size_t kLosses = 2;

Extent extent_of(const Model* model, const Tiling& tiling) {
  const int channels = model == nullptr ? 3 : model->spec.input.channels;
  return {channels, tiling.height, tiling.width};
}

/// Bytes, NHWC, as values in [0, 1], NCHW.
void to_planes(std::span<const std::uint8_t> bytes, std::size_t count, const Extent& extent,
               std::vector<float>& out) {
  const auto channels = static_cast<std::size_t>(extent.channels);
  const std::size_t area = extent.size() / channels;
  out.resize(bytes.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* tile = &bytes[i * extent.size()];
    for (std::size_t c = 0; c < channels; ++c) {
      float* plane = &out[i * extent.size() + c * area];
      for (std::size_t p = 0; p < area; ++p) {
        plane[p] = static_cast<float>(tile[p * channels + c]) * (1 / 255.0F);
      }
    }
  }
}

/// The mean of each plane.
void append_means(std::span<const float> tiles_nchw, std::size_t area, std::vector<float>& out) {
  for (std::size_t first = 0; first < tiles_nchw.size(); first += area) {
    const auto plane = tiles_nchw.subspan(first, area);
    out.push_back(std::reduce(plane.begin(), plane.end()) / static_cast<float>(area));
  }
}

/// Tables of the same rows side by side; returns how many columns they have together.
std::size_t join_tables(std::size_t rows, const std::array<std::span<const float>, 3>& tables,
                        std::vector<float>& out) {
  std::size_t columns = 0;
  for (const auto& table : tables) {
    columns += table.size() / rows;
  }
  out.resize(rows * columns);
  std::size_t first = 0;
  for (const auto& table : tables) {
    const std::size_t own = table.size() / rows;
    for (std::size_t i = 0; i < rows; ++i) {
      std::copy_n(table.begin() + static_cast<std::ptrdiff_t>(i * own), own,
                  &out[i * columns + first]);
    }
    first += own;
  }
  return columns;
}

float mean_of(std::span<const float> table, std::size_t columns, std::size_t column) {
  double sum = 0;
  for (std::size_t i = column; i < table.size(); i += columns) {
    sum += table[i];
  }
  return static_cast<float>(sum /
                            (static_cast<double>(table.size()) / static_cast<double>(columns)));
}

}  // namespace

PhotographDescriber::PhotographDescriber(const Model* model, const PhotographParts& parts,
                                         const Tiling& tiling)
    : parts_(parts),
      extent_(extent_of(model, tiling)),
      backend_(parts.gradients ? make_native_backend(*model, {}) : nullptr),
      cutter_(tiling, extent_.channels),
      energies_(extent_) {}

const PhotographNumbers& PhotographDescriber::describe(const ImageView& photograph,
                                                       std::string_view name) {
  residual_table_.clear();
  image_table_.clear();
  loss_table_.clear();
  mean_table_.clear();
  const TileGrid grid = cutter_.cut(
      photograph, name,
      [this](std::span<const std::uint8_t> tiles, std::size_t count) { add_tiles(tiles, count); });
  numbers_.columns = grid.columns;
  numbers_.rows = grid.rows;
  numbers_.gradients.clear();
  numbers_.image.clear();
  const std::size_t columns = energies_.columns();
  if (parts_.gradients) {
    append_summary(residual_table_, columns, numbers_.gradients);
    numbers_.bce = mean_of(loss_table_, kLosses, 0);
    numbers_.kld = mean_of(loss_table_, kLosses, 1);
    for (float& loss : loss_table_) {
      loss = std::log(std::max(loss, 0.0F) + 1);
    }
    append_summary(loss_table_, kLosses, numbers_.gradients);
  }
  if (parts_.image) {
    append_summary(image_table_, columns, numbers_.image);
    append_tones(photograph, numbers_.image);
    append_blocking(photograph, numbers_.image);
  }
  numbers_.tile_columns =
      join_tables(grid.size(), {{residual_table_, image_table_, mean_table_}}, numbers_.tiles);
  return numbers_;
}

void PhotographDescriber::add_tiles(std::span<const std::uint8_t> tiles_nhwc, std::size_t count) {
  const std::size_t columns = energies_.columns();
  to_planes(tiles_nhwc, count, extent_, tiles_);
  if (parts_.image) {
    image_table_.resize(image_table_.size() + count * columns);
    energies_.compute(tiles_, std::span(image_table_).last(count * columns));
    append_means(tiles_, extent_.size() / static_cast<std::size_t>(extent_.channels), mean_table_);
  }
  if (!parts_.gradients) {
    return;
  }
  reconstruction_.resize(count * extent_.size());
  bce_.resize(count);
  kld_.resize(count);
  GradientOutputs outputs;
  outputs.reconstruction = reconstruction_;
  outputs.bce = bce_;
  outputs.kld = kld_;
  backend_->run(ImageBatch::of_u8(tiles_nhwc, count), outputs);
  for (std::size_t i = 0; i < reconstruction_.size(); ++i) {
    reconstruction_[i] = tiles_[i] - reconstruction_[i];
  }
  residual_table_.resize(residual_table_.size() + count * columns);
  energies_.compute(reconstruction_, std::span(residual_table_).last(count * columns));
  for (std::size_t i = 0; i < count; ++i) {
    loss_table_.push_back(bce_[i]);
    loss_table_.push_back(kld_[i]);
  }
}

}  // namespace gradspace
