#include "quality/colour_planes.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "core/made_once.h"
#include "quality/image_parts.h"

namespace gradspace::quality {
namespace {

using ColourMatrix = std::array<std::array<float, 3>, 3>;

constexpr ColourMatrix matrix_of(ColourSpace space) {
  constexpr std::array<float, 3> kM{0.30F, 0.04F, -0.35F};
  constexpr std::array<float, 3> kN{0.34F, -0.6F, 0.17F};
  switch (space) {
    case ColourSpace::kYiq:
      return {
          {{0.299F, 0.587F, 0.114F}, {0.5959F, -0.2746F, -0.3213F}, {0.2115F, -0.5227F, 0.3112F}}};
    case ColourSpace::kLmn:
      return {{{0.06F, 0.63F, 0.27F}, kM, kN}};
    case ColourSpace::kLhm:
      return {{{0.2989F, 0.587F, 0.114F}, kM, kN}};
  }
  return {};
}

/// The sums of a column of blocks' rows, sample by sample.
void sum_rows(const Image& rgb, const BlockGrid& grid, int block_row,
              std::vector<std::uint16_t>& sums) {
  std::fill(sums.begin(), sums.end(), std::uint16_t{0});
  const int first = block_row * grid.size - grid.before;
  for (int i = first; i < first + grid.size; ++i) {
    if (!grid.repeats_edge && (i < 0 || i >= rgb.height())) {
      continue;
    }
    const std::uint8_t* row = rgb.row(std::clamp(i, 0, rgb.height() - 1)).data();
    for (std::size_t x = 0; x < sums.size(); ++x) {
      sums[x] = static_cast<std::uint16_t>(sums[x] + row[x]);
    }
  }
}

/// The sum of a block, of each of R, G and B.
std::array<std::uint32_t, 3> sum_block(const std::vector<std::uint16_t>& sums, int width,
                                       const BlockGrid& grid, int block_column) {
  std::array<std::uint32_t, 3> total{};
  const int first = block_column * grid.size - grid.before;
  for (int i = first; i < first + grid.size; ++i) {
    if (!grid.repeats_edge && (i < 0 || i >= width)) {
      continue;
    }
    const std::uint16_t* pixel = &sums[3 * static_cast<std::size_t>(std::clamp(i, 0, width - 1))];
    for (std::size_t c = 0; c < total.size(); ++c) {
      total[c] += pixel[c];
    }
  }
  return total;
}

/// A row of blocks, those within the image by a loop of known length.
template <int kSize>
void sum_whole_blocks(const std::vector<std::uint16_t>& sums, const BlockGrid& grid, int begin,
                      int end, std::vector<std::array<std::uint32_t, 3>>& totals) {
  for (int column = begin; column < end; ++column) {
    const std::uint16_t* pixel = &sums[3 * static_cast<std::size_t>(column * kSize - grid.before)];
    std::array<std::uint32_t, 3> total{};
    for (int i = 0; i < kSize; ++i, pixel += 3) {
      for (std::size_t c = 0; c < total.size(); ++c) {
        total[c] += pixel[c];
      }
    }
    totals[static_cast<std::size_t>(column)] = total;
  }
}

void sum_blocks(const std::vector<std::uint16_t>& sums, int width, const BlockGrid& grid,
                std::vector<std::array<std::uint32_t, 3>>& totals) {
  int begin = 0;
  int end = 0;
  if (grid.size <= 2) {
    begin = grid.before > 0 ? 1 : 0;
    end = std::min(grid.columns, (width + grid.before) / grid.size);
    const auto sum_inside = grid.size == 1 ? sum_whole_blocks<1> : sum_whole_blocks<2>;
    sum_inside(sums, grid, begin, end, totals);
  }
  for (int column = 0; column < grid.columns; ++column) {
    if (column < begin || column >= end) {
      totals[static_cast<std::size_t>(column)] = sum_block(sums, width, grid, column);
    }
  }
}

ColourPlanes make_planes(const Image& rgb, const BlockGrid& grid, ColourSpace space) {
  ColourPlanes planes;
  planes.fill(Plane(grid.columns, grid.rows));
  const ColourMatrix matrix = matrix_of(space);
  const float share = 1 / static_cast<float>(grid.size * grid.size);
  std::vector<std::uint16_t> sums(3 * static_cast<std::size_t>(rgb.width()));
  std::vector<std::array<std::uint32_t, 3>> totals(static_cast<std::size_t>(grid.columns));
  for (int y = 0; y < grid.rows; ++y) {
    sum_rows(rgb, grid, y, sums);
    sum_blocks(sums, rgb.width(), grid, totals);
    for (std::size_t c = 0; c < planes.size(); ++c) {
      float* row = planes[c].row(y);
      for (std::size_t x = 0; x < totals.size(); ++x) {
        const float red = share * static_cast<float>(totals[x][0]);
        const float green = share * static_cast<float>(totals[x][1]);
        const float blue = share * static_cast<float>(totals[x][2]);
        row[x] = matrix[c][0] * red + matrix[c][1] * green + matrix[c][2] * blue;
      }
    }
  }
  return planes;
}

/// All planes that were asked of an image.
class PlaneShelf {
 public:
  const ColourPlanes& get(const Image& rgb, const BlockGrid& grid, ColourSpace space) {
    return slot({grid, space}).get([&] { return make_planes(rgb, grid, space); });
  }

 private:
  using Key = std::tuple<BlockGrid, ColourSpace>;

  MadeOnce<ColourPlanes>& slot(const Key& key) {
    const std::scoped_lock lock(mutex_);
    std::unique_ptr<MadeOnce<ColourPlanes>>& place = slots_[key];
    if (place == nullptr) {
      place = std::make_unique<MadeOnce<ColourPlanes>>();
    }
    return *place;
  }

  std::mutex mutex_;
  std::map<Key, std::unique_ptr<MadeOnce<ColourPlanes>>> slots_;
};

struct LumaPlane {
  Plane plane;
};

int blocks_over(int pixels, int size) {
  return (pixels + size - 1) / size;
}

}  // namespace

int viewing_factor(const Image& image) {
  constexpr int kSeen = 256;
  const int side = std::min(image.width(), image.height());
  const int whole = side / kSeen;
  const int rest = side % kSeen;
  const bool up = rest > kSeen / 2 || (rest == kSeen / 2 && whole % 2 == 1);
  return std::max(1, up ? whole + 1 : whole);
}

BlockGrid padded_blocks(const Image& image, int size) {
  return {size, 0, false, blocks_over(image.width(), size), blocks_over(image.height(), size)};
}

BlockGrid whole_blocks(const Image& image, int size) {
  return {size, 0, false, image.width() / size, image.height() / size};
}

BlockGrid centred_blocks(const Image& image, int size) {
  return {size, (size - 1) / 2, false, blocks_over(image.width(), size),
          blocks_over(image.height(), size)};
}

BlockGrid repeated_blocks(const Image& image, int size) {
  return {size, size / 2, size > 1, blocks_over(image.width(), size),
          blocks_over(image.height(), size)};
}

const ColourPlanes& colour_planes(const QualityImage& image, const BlockGrid& grid,
                                  ColourSpace space) {
  const auto& shelf =
      part_of<std::unique_ptr<PlaneShelf>>(image, [] { return std::make_unique<PlaneShelf>(); });
  return shelf->get(image.rgb(), grid, space);
}

const Plane& luma_plane(const QualityImage& image) {
  const auto make = [&image] {
    const Image& rgb = image.rgb();
    constexpr ColourMatrix kMatrix = matrix_of(ColourSpace::kYiq);
    LumaPlane luma{Plane(rgb.width(), rgb.height())};
    const std::uint8_t* pixel = rgb.pixels().data();
    for (std::size_t i = 0; i < luma.plane.values.size(); ++i, pixel += 3) {
      luma.plane.values[i] =
          kMatrix[0][0] * pixel[0] + kMatrix[0][1] * pixel[1] + kMatrix[0][2] * pixel[2];
    }
    return luma;
  };
  return part_of<LumaPlane>(image, make).plane;
}

}  // namespace gradspace::quality
