// The rows of a halved image (halve, in preparation.h), one at a time and in any order.
#pragma once

#include <cstdint>
#include <vector>

#include "gradspace/image.h"

namespace gradspace::quality {

/// One object is for one thread at a time.
class Halving {
 public:
  /// `image` must outlive it.
  explicit Halving(const Image& image);

  int width() const { return (image_.width() + 1) / 2; }
  int height() const { return (image_.height() + 1) / 2; }

  /// Row `y` of the halved image: width() pixels, interleaved as the image's.
  void row(int y, std::uint8_t* out);

 private:
  void weigh_columns(int channel, std::uint8_t* out);

  const Image& image_;
  std::vector<std::int32_t> sums_;  ///< of rows, interleaved
  // One channel's, every other value, and what they come to.
  std::vector<std::int32_t> even_;
  std::vector<std::int32_t> odd_;
  std::vector<std::int32_t> out_;
};

}  // namespace gradspace::quality
