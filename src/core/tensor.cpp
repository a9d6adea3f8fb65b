#include "gradspace/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "gradspace/error.h"

namespace gradspace {

std::size_t element_count(const std::vector<std::int64_t>& shape) {
  // Half of what size_t holds, in bytes of doubles: no later multiplication by an item's size
  // wraps.
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max() / sizeof(double);
  std::uint64_t count = 1;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) {
      throw InvalidArgument(fmt::format("shape {} has a negative extent", shape_text(shape)));
    }
    if (extent == 0) {
      empty = true;
    } else if (count > kMost / static_cast<std::uint64_t>(extent)) {
      throw InvalidArgument(fmt::format("shape {} has too many values", shape_text(shape)));
    } else {
      count *= static_cast<std::uint64_t>(extent);
    }
  }
  return empty ? 0 : count;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace gradspace
