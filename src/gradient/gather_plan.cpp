#include "gradient/gather_plan.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <utility>

namespace gradspace::gradient {
namespace {

/// Cycles of one step of a tile of `rows` times `columns` sums, on a core that does two loads and two
/// multiply-adds a cycle with a latency of four: the figures of every core of the last ten years, near
/// enough to choose between tiles.
double step_cost(int rows, int columns) {
  return std::max({rows * columns / 2.0, (rows + columns) / 2.0, 4.0});
}

/// Cycles a tile takes beside its steps: addresses, first values, stores.
double tile_overhead(int rows, int columns) {
  return 10.0 + rows * columns;
}

struct AxisTaps {
  int first_tap = 0;
  int taps = 0;
  int first_in = 0;
};

/// The taps that reach output coordinate `out`, in ascending order. The sums are done in 64 bits:
/// extents and strides may each be as large as 65536.
AxisTaps axis_taps(const LayerGeometry& geometry, Direction direction, int out, int in_extent) {
  const std::int64_t stride = geometry.stride;
  std::int64_t first = 0;  // in steps of one tap ("to small") or of `stride` taps ("to large")
  std::int64_t end = 0;
  AxisTaps result;
  if (direction == Direction::kToSmall) {
    const std::int64_t in = out * stride - geometry.padding;  // of tap 0
    first = std::max<std::int64_t>(0, -in);
    end = std::min<std::int64_t>(geometry.kernel, in_extent - in);
    result.first_tap = static_cast<int>(first);
    result.first_in = static_cast<int>(in + first);
  } else {
    const std::int64_t shifted = static_cast<std::int64_t>(out) + geometry.padding;
    const std::int64_t start = shifted % stride;  // the least tap that meets this coordinate
    const std::int64_t in = shifted / stride;     // what it meets; the next ones meet lower ones
    first = std::max<std::int64_t>(0, in - (in_extent - 1));
    end = std::min(in + 1, (geometry.kernel - start + stride - 1) / stride);
    result.first_tap = static_cast<int>(start + first * stride);
    result.first_in = static_cast<int>(in - first);
  }
  if (end <= first) {
    return {};
  }
  result.taps = static_cast<int>(end - first);
  return result;
}

struct AxisClass {
  int first_tap = 0;
  int taps = 0;
  std::vector<std::pair<int, int>> coordinates;  ///< output, first input
};

/// Output coordinates [begin, end) grouped by their taps.
std::vector<AxisClass> axis_classes(const LayerGeometry& geometry, Direction direction, int begin,
                                    int end, int in_extent) {
  std::map<std::pair<int, int>, AxisClass> classes;
  for (int out = begin; out < end; ++out) {
    const AxisTaps taps = axis_taps(geometry, direction, out, in_extent);
    AxisClass& group = classes[{taps.first_tap, taps.taps}];
    group.first_tap = taps.first_tap;
    group.taps = taps.taps;
    group.coordinates.emplace_back(out, taps.first_in);
  }
  std::vector<AxisClass> result;
  result.reserve(classes.size());
  for (auto& [key, group] : classes) {
    result.push_back(std::move(group));
  }
  return result;
}

/// What a gather reads and what it writes.
struct Sides {
  Sides(const LayerGeometry& geometry, Direction direction)
      : in(direction == Direction::kToSmall ? geometry.large : geometry.small),
        out(direction == Direction::kToSmall ? geometry.small : geometry.large) {}

  const Extent& in;
  const Extent& out;
};

/// Lists of taps for regions, each made once.
class TapLists {
 public:
  /// Adds to `plan`.taps.
  TapLists(const LayerGeometry& geometry, Direction direction, std::size_t lanes, GatherPlan& plan)
      : geometry_(geometry), direction_(direction), lanes_(lanes), plan_(plan) {}

  /// Where the list of the taps of `row` and `column` begins.
  std::size_t list(const AxisClass& row, const AxisClass& column) {
    const auto [at, is_new] = lists_.try_emplace(
        {row.first_tap, row.taps, column.first_tap, column.taps}, plan_.taps.size());
    if (is_new) {
      for (int channel = 0; channel < plan_.in_channels; ++channel) {
        for (int y = 0; y < row.taps; ++y) {
          for (int x = 0; x < column.taps; ++x) {
            plan_.taps.push_back(tap(channel, y, row.first_tap, x, column.first_tap));
          }
        }
      }
    }
    return at->second;
  }

 private:
  /// From tap to tap along an axis the input moves by one step, forward or backward, and the tap's index
  /// by one or by the stride.
  Tap tap(int channel, int y, int first_y, int x, int first_x) const {
    const bool to_small = direction_ == Direction::kToSmall;
    const int in_step = to_small ? 1 : -1;
    const int tap_step = to_small ? 1 : geometry_.stride;
    const int width = Sides(geometry_, direction_).in.width;
    const auto in = channel * static_cast<std::ptrdiff_t>(plan_.in_plane) +
                    in_step * (static_cast<std::ptrdiff_t>(y) * width + x);
    const int ky = first_y + y * tap_step;
    const int kx = first_x + x * tap_step;
    return {static_cast<std::int32_t>(in * static_cast<std::ptrdiff_t>(lanes_)),
            static_cast<std::int32_t>(channel * static_cast<int>(plan_.kernel_taps) +
                                      ky * geometry_.kernel + kx)};
  }

  const LayerGeometry& geometry_;
  Direction direction_;
  std::size_t lanes_;
  GatherPlan& plan_;
  std::map<std::array<int, 4>, std::size_t> lists_;
};

/// Output rows that stay in the first cache with what they are made of.
int band_rows(const LayerGeometry& geometry, Direction direction, std::size_t lanes) {
  const Sides sides(geometry, direction);
  const bool to_small = direction == Direction::kToSmall;
  const int unit = to_small ? 1 : geometry.stride;  // output rows that go together
  const int in_rows = to_small ? geometry.stride : 1;
  const std::size_t values =
      static_cast<std::size_t>(unit) * static_cast<std::size_t>(sides.out.channels) *
          static_cast<std::size_t>(sides.out.width) +
      static_cast<std::size_t>(in_rows) * static_cast<std::size_t>(sides.in.channels) *
          static_cast<std::size_t>(sides.in.width);
  const std::size_t units =
      std::max<std::size_t>(kCacheBytes / (values * lanes * sizeof(float)), 1);
  return static_cast<int>(
      std::min(static_cast<std::size_t>(unit) * units, static_cast<std::size_t>(sides.out.height)));
}

/// Cycles of a region whose positions are computed `tile` at a time.
double region_cost(const GatherPlan& plan, const Region& region,
                   const std::vector<ChannelBlock>& blocks, int tile) {
  const int count = static_cast<int>(region.end - region.begin);
  const int whole_tiles = count / tile;
  const double steps = static_cast<double>(region.taps) * plan.in_channels;
  double cost = 0;
  for (const ChannelBlock& block : blocks) {
    cost += whole_tiles * (steps * step_cost(block.size, tile) + tile_overhead(block.size, tile));
    if (const int rest = count % tile; rest > 0) {
      cost += steps * step_cost(block.size, rest) + tile_overhead(block.size, rest);
    }
  }
  return cost;
}

/// The cheapest tile for a region and its cost.
std::pair<int, double> best_tile(const GatherPlan& plan, const Region& region,
                                 const std::vector<ChannelBlock>& blocks, int accumulators) {
  const int largest = std::min(kLargestTile, accumulators / blocks.front().size);
  std::pair<int, double> best{1, region_cost(plan, region, blocks, 1)};
  for (int tile = 2; tile <= largest; ++tile) {
    if (const double cost = region_cost(plan, region, blocks, tile); cost < best.second) {
      best = {tile, cost};
    }
  }
  return best;
}

void choose_tiles(GatherPlan& plan, int accumulators) {
  double least = 0;
  for (int size = 1; size <= std::min({plan.out_channels, kLargestBlock, accumulators}); ++size) {
    const std::vector<ChannelBlock> blocks = split_channels(plan.out_channels, size);
    double cost = 0;
    for (const Region& region : plan.regions) {
      cost += best_tile(plan, region, blocks, accumulators).second;
    }
    if (plan.blocks.empty() || cost < least) {
      least = cost;
      plan.blocks = blocks;
    }
  }
  for (Region& region : plan.regions) {
    region.tile = best_tile(plan, region, plan.blocks, accumulators).first;
  }
}

}  // namespace

GatherPlan plan_gather(const LayerGeometry& geometry, Direction direction, int accumulators,
                       std::size_t lanes) {
  GatherPlan plan;
  const Sides sides(geometry, direction);
  plan.direction = direction;
  plan.in_channels = sides.in.channels;
  plan.out_channels = sides.out.channels;
  plan.in_plane = sides.in.size() / static_cast<std::size_t>(sides.in.channels);
  plan.out_plane = sides.out.size() / static_cast<std::size_t>(sides.out.channels);
  plan.kernel_taps = geometry.taps();
  plan.positions.reserve(plan.out_plane);
  TapLists taps(geometry, direction, lanes, plan);
  const auto lane_count = static_cast<std::int32_t>(lanes);
  const auto columns = axis_classes(geometry, direction, 0, sides.out.width, sides.in.width);
  const int height = band_rows(geometry, direction, lanes);
  for (int begin = 0; begin < sides.out.height; begin += height) {
    RowBand band;
    band.begin = begin;
    band.end = std::min(begin + height, sides.out.height);
    band.end_in = plan.bands.empty() ? 0 : plan.bands.back().end_in;
    band.first_region = plan.regions.size();
    for (const AxisClass& row :
         axis_classes(geometry, direction, band.begin, band.end, sides.in.height)) {
      for (const auto& [out_y, in_y] : row.coordinates) {
        const int last = direction == Direction::kToSmall ? in_y + row.taps : in_y + 1;
        band.end_in = std::max(band.end_in, row.taps > 0 ? last : 0);
      }
      for (const AxisClass& column : columns) {
        Region region;
        region.taps = row.taps * column.taps;
        region.first_tap = taps.list(row, column);
        region.begin = plan.positions.size();
        for (const auto& [out_y, in_y] : row.coordinates) {
          for (const auto& [out_x, in_x] : column.coordinates) {
            plan.positions.push_back({(in_y * sides.in.width + in_x) * lane_count,
                                      (out_y * sides.out.width + out_x) * lane_count});
          }
        }
        region.end = plan.positions.size();
        plan.regions.push_back(region);
      }
    }
    band.end_region = plan.regions.size();
    plan.bands.push_back(band);
  }
  choose_tiles(plan, accumulators);
  return plan;
}

double tap_list_bytes(const LayerGeometry& geometry, Direction direction) {
  const Sides sides(geometry, direction);
  const auto sum = [&](int out, int in) {
    double taps = 0;
    for (const AxisClass& group : axis_classes(geometry, direction, 0, out, in)) {
      taps += group.taps;
    }
    return taps;
  };
  return sum(sides.out.height, sides.in.height) * sum(sides.out.width, sides.in.width) *
         sides.in.channels * sizeof(Tap);
}

void change_lanes(GatherPlan& plan, std::size_t lanes, std::size_t other) {
  const auto change = [&](std::int32_t& floats) {
    floats = floats / static_cast<std::int32_t>(lanes) * static_cast<std::int32_t>(other);
  };
  for (Position& position : plan.positions) {
    change(position.in);
    change(position.out);
  }
  for (Tap& tap : plan.taps) {
    change(tap.in);
  }
}

std::uint64_t GatherPlan::multiply_adds() const {
  std::uint64_t sum = 0;
  for (const Region& region : regions) {
    sum += static_cast<std::uint64_t>(region.taps) * (region.end - region.begin);
  }
  return sum * static_cast<std::uint64_t>(in_channels) * static_cast<std::uint64_t>(out_channels);
}

void pack_weight(const LayerGeometry& geometry, const GatherPlan& plan,
                 std::span<const float> weight, std::span<float> packed) {
  assert(weight.size() == geometry.weights() && packed.size() == weight.size());
  const auto large_channels = static_cast<std::size_t>(geometry.large.channels);
  const std::size_t taps = geometry.taps();
  std::size_t at = 0;
  for (const ChannelBlock& block : plan.blocks) {
    for (std::size_t in = 0; in < static_cast<std::size_t>(plan.in_channels); ++in) {
      for (std::size_t tap = 0; tap < taps; ++tap) {
        for (int i = 0; i < block.size; ++i) {
          const auto out = static_cast<std::size_t>(block.begin + i);
          const std::size_t pair = plan.direction == Direction::kToSmall
                                       ? out * large_channels + in
                                       : in * large_channels + out;
          packed[at++] = weight[pair * taps + tap];
        }
      }
    }
  }
}

}  // namespace gradspace::gradient
