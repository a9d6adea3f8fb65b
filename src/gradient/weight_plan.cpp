#include "gradient/weight_plan.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace gradspace::gradient {
namespace {

/// For each tap along an axis.
std::vector<TapSpan> tap_spans(const LayerGeometry& geometry, int small, int large) {
  const std::int64_t stride = geometry.stride;
  std::vector<TapSpan> spans;
  for (int tap = 0; tap < geometry.kernel; ++tap) {
    const std::int64_t shift = static_cast<std::int64_t>(geometry.padding) - tap;
    const std::int64_t begin = shift > 0 ? (shift + stride - 1) / stride : 0;
    const std::int64_t last = large - 1 + shift;  // times 1 / stride
    const std::int64_t end = last < 0 ? 0 : std::min<std::int64_t>(small, last / stride + 1);
    if (begin < end) {
      spans.push_back({static_cast<int>(begin), static_cast<int>(end),
                       static_cast<int>(begin * stride - shift)});
    } else {
      spans.push_back({});
    }
  }
  return spans;
}

/// Taps in groups of `size`, the last one of what is left.
std::vector<TapGroup> group_taps(const std::vector<TapSpan>& columns, int stride, int size) {
  std::vector<TapGroup> groups;
  for (std::size_t first = 0; first < columns.size(); first += static_cast<std::size_t>(size)) {
    TapGroup group;
    group.first = first;
    group.size = std::min(size, static_cast<int>(columns.size() - first));
    const std::span taps = std::span(columns).subspan(first, static_cast<std::size_t>(group.size));
    TapSpan& inside = group.inside;
    inside = taps[0];
    for (const TapSpan& tap : taps) {
      inside.begin = std::max(inside.begin, tap.begin);
      inside.end = std::min(inside.end, tap.end);
    }
    inside.end = std::max(inside.begin, inside.end);
    const auto at = [&](const TapSpan& tap, int begin) {
      return tap.large + (begin - tap.begin) * stride;
    };
    if (inside.end > inside.begin) {
      inside.large = at(taps[0], inside.begin);
    }
    for (std::size_t i = 0; i < taps.size(); ++i) {
      const TapSpan& tap = taps[i];
      if (const int end = std::min(tap.end, inside.begin); end > tap.begin) {
        group.edges.push_back({i, {tap.begin, end, tap.large}});
      }
      if (const int begin = std::max(tap.begin, inside.end); tap.end > begin) {
        group.edges.push_back({i, {begin, tap.end, at(tap, begin)}});
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

/// Coordinates of all spans together.
std::uint64_t length(const std::vector<TapSpan>& spans) {
  std::uint64_t sum = 0;
  for (const TapSpan& span : spans) {
    sum += static_cast<std::uint64_t>(span.end - span.begin);
  }
  return sum;
}

/// Rows of the small side that stay in the first cache with what they meet, for blocks of channels.
int rows_in_cache(const LayerGeometry& geometry, int small, int large, std::size_t lanes) {
  const std::size_t row_bytes =
      lanes * sizeof(float) *
      (static_cast<std::size_t>(small) * static_cast<std::size_t>(geometry.small.width) +
       static_cast<std::size_t>(large) * static_cast<std::size_t>(geometry.large.width) *
           static_cast<std::size_t>(geometry.stride));
  return static_cast<int>(std::clamp<std::size_t>(kCacheBytes / row_bytes, 1, kCacheBytes));
}

/// The part of a tap's rows that is within the rows [begin, end) of one side.
TapSpan part_of(const TapSpan& row, const LayerGeometry& geometry, Direction direction, int begin,
                int end) {
  // Row row.begin + i of the small side meets row row.large + i * stride of the large one.
  const auto first_from = [&](int limit) {
    return direction == Direction::kToSmall
               ? limit - row.begin
               : (std::max(limit - row.large, 0) + geometry.stride - 1) / geometry.stride;
  };
  const int first = std::max(first_from(begin), 0);
  const int last = std::min(first_from(end), row.end - row.begin);
  if (first >= last) {
    return {};
  }
  return {row.begin + first, row.begin + last, row.large + first * geometry.stride};
}

/// As few bands as can be of at most `most` rows of the small side, as equal as can be.
std::vector<WeightBand> weight_bands(const LayerGeometry& geometry, Direction direction,
                                     const std::vector<TapSpan>& rows, int most) {
  const bool to_small = direction == Direction::kToSmall;
  const std::int64_t unit = to_small ? 1 : geometry.stride;
  const std::int64_t extent = to_small ? geometry.small.height : geometry.large.height;
  const int count = (geometry.small.height + most - 1) / most;
  const int height = (geometry.small.height + count - 1) / count;
  std::vector<WeightBand> bands;
  for (int begin = 0; begin < geometry.small.height; begin += height) {
    const bool last = begin + height >= geometry.small.height;
    const auto from = static_cast<int>(std::min(begin * unit, extent));
    const auto to = static_cast<int>(last ? extent : std::min((begin + height) * unit, extent));
    WeightBand band;
    for (const TapSpan& row : rows) {
      band.rows.push_back(part_of(row, geometry, direction, from, to));
    }
    band.end_large = to_small ? geometry.large.height : to;
    bands.push_back(std::move(band));
  }
  return bands;
}

/// Cycles of a block of channels of either side, whose rows are taken in `bands`. What is read comes from
/// farther away than the first cache now and then, so that reading less counts beside the multiply-adds.
double weight_cost(const std::vector<TapSpan>& rows, const std::vector<TapGroup>& groups, int small,
                   int large, double bands) {
  constexpr double kRow = 8;  // cycles that a row takes beside its steps
  double cost = 0;
  for (const TapSpan& row : rows) {
    const int height = row.end - row.begin;
    const auto add = [&](const TapSpan& columns, int taps) {
      const int sums = large * taps;
      const double step = std::max(small * sums / 2.0, 4.0) + (small + sums) / 4.0;
      cost += height * (kRow + (columns.end - columns.begin) * step) +
              bands * (40.0 + 2.0 * small * sums);
    };
    for (const TapGroup& group : groups) {
      add(group.inside, group.size);
      for (const TapEdge& edge : group.edges) {
        add(edge.span, 1);
      }
    }
  }
  return cost;
}

}  // namespace

WeightPlan plan_weight(const LayerGeometry& geometry, Direction direction, int accumulators,
                       std::size_t lanes) {
  WeightPlan plan;
  plan.geometry = geometry;
  plan.rows = tap_spans(geometry, geometry.small.height, geometry.large.height);
  plan.columns = tap_spans(geometry, geometry.small.width, geometry.large.width);

  double least = -1;
  for (int taps = 1; taps <= std::min(geometry.kernel, kLargestTapGroup); ++taps) {
    const std::vector<TapGroup> groups = group_taps(plan.columns, geometry.stride, taps);
    for (int a = 1; a <= std::min(geometry.small.channels, kLargestWeightBlock); ++a) {
      for (int b = 1; b <= std::min(geometry.large.channels, kLargestWeightBlock); ++b) {
        if (a * b * taps > accumulators) {
          continue;
        }
        const auto small_blocks = split_channels(geometry.small.channels, a);
        const auto large_blocks = split_channels(geometry.large.channels, b);
        const double bands =
            std::ceil(geometry.small.height /
                      static_cast<double>(rows_in_cache(geometry, small_blocks.front().size,
                                                        large_blocks.front().size, lanes)));
        double cost = 0;
        for (const ChannelBlock& small : small_blocks) {
          for (const ChannelBlock& large : large_blocks) {
            cost += weight_cost(plan.rows, groups, small.size, large.size, bands);
          }
        }
        if (least < 0 || cost < least) {
          least = cost;
          plan.small_blocks = small_blocks;
          plan.large_blocks = large_blocks;
          plan.tap_groups = groups;
        }
      }
    }
  }
  const int most = rows_in_cache(geometry, plan.small_blocks.front().size,
                                 plan.large_blocks.front().size, lanes);
  plan.groups = std::max(most / geometry.small.height, 1);
  plan.bands = weight_bands(geometry, direction, plan.rows, most);
  return plan;
}

std::uint64_t WeightPlan::multiply_adds() const {
  return length(rows) * length(columns) * static_cast<std::uint64_t>(geometry.small.channels) *
         static_cast<std::uint64_t>(geometry.large.channels);
}

}  // namespace gradspace::gradient
