#include "image/resize_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace gradspace {
namespace {

/// The order of the floating-point operations is part of the contract: the rounding of the weights must come out as
/// Pillow's.
void add_windows(ResizeTable& table) {
  const double scale = static_cast<double>(table.in) / table.out;
  const double filter_scale = std::max(scale, 1.0);
  const double support = filter_scale;  // a triangle reaches one sample to either side
  const double inverse = 1.0 / filter_scale;
  table.windows.reserve(static_cast<std::size_t>(table.out));
  std::vector<double> filter;
  for (int i = 0; i < table.out; ++i) {
    const double centre = (i + 0.5) * scale;
    const int begin = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5), table.in);
    filter.clear();
    double sum = 0;
    for (int k = begin; k < end; ++k) {
      const double value = std::max(1.0 - std::abs((k - centre + 0.5) * inverse), 0.0);
      filter.push_back(value);
      sum += value;
    }
    kernels::Window window{static_cast<std::uint32_t>(begin), 0,
                           static_cast<std::uint32_t>(table.weights.size())};
    for (const double value : filter) {
      const double share = sum != 0.0 ? value / sum : value;
      const auto weight = static_cast<std::int32_t>(0.5 + share * (1 << kernels::kWeightBits));
      if (weight == 0 && window.count == 0) {  // nothing on the left edge
        ++window.first;
        continue;
      }
      table.weights.push_back(weight);
      ++window.count;
    }
    while (window.count > 1 && table.weights.back() == 0) {
      table.weights.pop_back();
      --window.count;
    }
    table.windows.push_back(window);
  }
}

/// Windows go from left to right, but for weights of nothing, which were left out at their edges.
void add_needs(ResizeTable& table) {
  const std::size_t count = table.windows.size();
  table.needed_from.resize(count);
  std::uint32_t needed = table.windows.back().first;
  for (std::size_t i = count; i-- > 0;) {
    needed = std::min(needed, table.windows[i].first);
    table.needed_from[i] = needed;
  }
  std::size_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const kernels::Window& window = table.windows[i];
    end = std::max<std::size_t>(end, window.first + window.count);
    table.most_needed = std::max(table.most_needed, end - table.needed_from[i]);
  }
}

/// How windows lie side by side.
struct GroupLayout {
  std::size_t pixels = 0;  ///< of a group
  std::size_t lanes = 0;   ///< of a pixel
  std::size_t bytes = 0;   ///< from one pixel of a row to the next
};
constexpr GroupLayout kRgbGroups{4, 4, 3};
constexpr GroupLayout kGreyGroups{8, 1, 1};

/// Windows of more taps gain nothing from lying side by side, and images of large sizes seldom have the size of others.
kernels::NarrowWindows narrow_windows(const ResizeTable& table, const GroupLayout& layout) {
  constexpr std::size_t kMostTaps = 8;
  constexpr std::size_t kMostWindows = 1024;
  const std::vector<kernels::Window>& windows = table.windows;
  std::size_t taps = 1;
  for (const kernels::Window& window : windows) {
    taps = std::max<std::size_t>(taps, window.count);
  }
  kernels::NarrowWindows narrow;
  if (taps > kMostTaps || windows.size() > kMostWindows) {
    return narrow;
  }
  narrow.taps = taps;
  const std::size_t groups = (windows.size() + layout.pixels - 1) / layout.pixels;
  narrow.offsets.resize(groups * taps * layout.pixels);
  narrow.weights.resize(narrow.offsets.size() * layout.lanes);
  for (std::size_t x = 0; x < groups * layout.pixels; ++x) {
    const kernels::Window& window = windows[std::min(x, windows.size() - 1)];
    for (std::size_t tap = 0; tap < taps; ++tap) {
      const std::size_t place =
          layout.pixels * (x / layout.pixels * taps + tap) + x % layout.pixels;
      // What weighs nothing is read all the same: the window's last pixel.
      const std::size_t in_window = std::min<std::size_t>(tap, std::max(window.count, 1U) - 1);
      const std::size_t pixel =
          std::min(window.first + in_window, static_cast<std::size_t>(table.in) - 1);
      narrow.offsets[place] = static_cast<std::uint32_t>(layout.bytes * pixel);
      const bool weighs = tap < window.count && x < windows.size();
      const std::int32_t weight = weighs ? table.weights[window.weights + tap] : 0;
      std::fill_n(narrow.weights.begin() + static_cast<std::ptrdiff_t>(layout.lanes * place),
                  layout.lanes, weight);
    }
  }
  return narrow;
}

/// Nothing where the pixels of some group and tap lie too far apart, as they do where a row is made much shorter.
void add_picks(const ResizeTable& table, const GroupLayout& layout,
               kernels::NarrowWindows& narrow) {
  constexpr std::size_t kReach = kernels::NarrowWindows::kReach;
  const std::size_t readable =
      layout.bytes * static_cast<std::size_t>(table.in) + kernels::kRowSlack;
  if (readable < kReach) {
    return;
  }
  std::vector<std::uint32_t> begins;
  std::vector<std::uint8_t> picks;
  for (std::size_t place = 0; place < narrow.offsets.size(); place += layout.pixels) {
    const std::span offsets = std::span(narrow.offsets).subspan(place, layout.pixels);
    const auto [least, most] = std::ranges::minmax(offsets);
    if (most + layout.lanes - least > kReach) {
      return;
    }
    begins.push_back(std::min(least, static_cast<std::uint32_t>(readable - kReach)));
    picks.resize(picks.size() + kReach);
    auto pick = picks.end() - static_cast<std::ptrdiff_t>(kReach);
    for (const std::uint32_t offset : offsets) {
      for (std::uint32_t lane = 0; lane < layout.lanes; ++lane) {
        *pick++ = static_cast<std::uint8_t>(offset - begins.back() + lane);
      }
    }
  }
  narrow.begins = std::move(begins);
  narrow.picks = std::move(picks);
}

}  // namespace

std::shared_ptr<const ResizeTable> find_resize_table(int in, int out, int channels) {
  constexpr std::size_t kSlots = 64;
  constexpr std::size_t kMostWeightsKept = 4096;
  thread_local std::array<std::shared_ptr<const ResizeTable>, kSlots> slots;
  const auto key = static_cast<std::size_t>(in) * 31 + static_cast<std::size_t>(out) * 4 +
                   static_cast<std::size_t>(channels);
  std::shared_ptr<const ResizeTable>& slot = slots[key % kSlots];
  if (slot != nullptr && slot->in == in && slot->out == out && slot->channels == channels) {
    return slot;
  }
  ResizeTable made;
  made.in = in;
  made.out = out;
  made.channels = channels;
  add_windows(made);
  add_needs(made);
  if (channels > 0) {
    const GroupLayout& layout = channels == 3 ? kRgbGroups : kGreyGroups;
    made.narrow = narrow_windows(made, layout);
    add_picks(made, layout, made.narrow);
  }
  auto table = std::make_shared<const ResizeTable>(std::move(made));
  if (table->weights.size() <= kMostWeightsKept) {
    slot = table;
  }
  return table;
}

}  // namespace gradspace
