#include "photograph/tile_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/random.h"
#include "simd/lane_memory.h"

namespace gradspace {
namespace {

Image noise(int width, int height, int channels) {
  Random random(static_cast<std::uint64_t>(channels));
  Image image(width, height, channels);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(random.below(256));
  }
  return image;
}

/// Every tile of the grid, from its lane, against the tile that the cutter gives.
void expect_tiles(const ImageView& photograph, const Tiling& tiling, int channels) {
  const gradient::Kernels& kernels = gradient::kernels(InstructionSet::kBest);
  TileLanes tiles(tiling, channels, kernels);
  TileCutter cutter(tiling, channels);
  const TileGrid grid = tiles.grid_of(photograph, "noise");
  const std::size_t size = cutter.tile_bytes();
  const std::size_t area = size / static_cast<std::size_t>(channels);
  LaneMemory memory;
  float* loaded = memory.room(size * kernels.lanes);
  std::vector<std::uint8_t> tile(size);
  for (std::size_t first = 0; first < grid.size(); first += kernels.lanes) {
    const gradient::LaneGroup group{first, std::min(kernels.lanes, grid.size() - first)};
    tiles.load(photograph, grid, group, loaded);
    for (std::size_t lane = 0; lane < group.count; ++lane) {
      cutter.cut(photograph, grid.place(first + lane), tile);
      for (std::size_t i = 0; i < size; ++i) {
        const auto channel = i % static_cast<std::size_t>(channels);
        const std::size_t at = channel * area + i / static_cast<std::size_t>(channels);
        ASSERT_EQ(loaded[at * kernels.lanes + lane], static_cast<float>(tile[i]) * (1 / 255.0F))
            << "tile " << first + lane << ", byte " << i;
      }
    }
  }
}

TEST(TileLanes, HoldWhatTheCutterCuts) {
  for (const Tiling& tiling : {Tiling{28, 28, 28, 28}, Tiling{9, 5, 4, 7}, Tiling{3, 2, 40, 40}}) {
    for (const int channels : {1, 3}) {
      for (const int of_photograph : {1, 3}) {
        expect_tiles(noise(150, 90, of_photograph), tiling, channels);
      }
    }
  }
}

TEST(TileLanes, TakeAnyViewOfPixels) {
  const Image image = noise(100, 60, 3);
  const ImageView bgr(image.pixels(), 100, 60, 3, 300, ChannelOrder::kBgr);
  const ImageView part = part_of(image, {13, 7}, 70, 41);
  for (const ImageView& view : {bgr, part}) {
    expect_tiles(view, Tiling{}, 3);
    expect_tiles(view, Tiling{}, 1);
  }
}

}  // namespace
}  // namespace gradspace
