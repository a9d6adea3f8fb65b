// Pillow's coefficients of antialiased bilinear resizing.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "image/resize_kernels.h"

namespace gradspace {

/// The windows and weights of one axis, from `in` samples to `out`.
struct ResizeTable {
  int in = 0;
  int out = 0;
  std::vector<kernels::Window> windows;
  std::vector<std::int32_t> weights;
  /// By window, the first sample that it or a later one needs.
  std::vector<std::uint32_t> needed_from;
  /// The most samples that must be at hand at one time, when windows are made in their order as samples come.
  std::size_t most_needed = 0;
  int channels = 0;                    ///< of a row's pixels; 0: of columns
  kernels::NarrowWindows narrow = {};  ///< the same windows of a row, where they are narrow
};

/// A table, of those that this thread used lately: a folder has few sizes, and making a table takes longer than
/// resizing a small image with it. `channels` is 1 or 3 for rows, 0 for columns.
std::shared_ptr<const ResizeTable> find_resize_table(int in, int out, int channels);

}  // namespace gradspace
