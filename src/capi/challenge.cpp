// Challenges on the caller's images.
#include "gradspace/challenge.h"

#include <fmt/format.h>

#include "capi/boundary.h"
#include "capi/pixels.h"

namespace gradspace::capi {
namespace {

/// The bytes between rows of `out`. Throws InvalidArgument where the image has no room in it.
std::size_t checked_stride(const Image& image, std::size_t out_size, std::int64_t out_stride) {
  const std::size_t row_bytes = image.row(0).size();
  if (out_stride < 0) {
    throw InvalidArgument(fmt::format("out_stride is {}; wanted is 0 or more", out_stride));
  }
  const std::size_t stride = out_stride == 0 ? row_bytes : static_cast<std::size_t>(out_stride);
  if (stride < row_bytes) {
    throw InvalidArgument(fmt::format(
        "out: rows of {} bytes lie {} apart; at least as many are wanted", row_bytes, stride));
  }
  const auto further_rows = static_cast<std::size_t>(image.height() - 1);
  if (out_size < row_bytes || (out_size - row_bytes) / stride < further_rows) {
    throw InvalidArgument(fmt::format("out: {} rows of {} bytes, {} apart, do not fit into {}",
                                      image.height(), row_bytes, stride, out_size));
  }
  return stride;
}

challenge::Options options_of(std::uint32_t flags) {
  constexpr std::uint32_t kKnown = GRADSPACE_CHALLENGE_POST_PRODUCTION | GRADSPACE_CHALLENGE_PIXELS;
  if ((flags & ~kKnown) != 0) {
    throw InvalidArgument(
        fmt::format("flags are {:#x}; of them only {:#x} are known", flags, kKnown));
  }
  challenge::Options options;
  options.post_production = (flags & GRADSPACE_CHALLENGE_POST_PRODUCTION) != 0;
  if ((flags & GRADSPACE_CHALLENGE_PIXELS) != 0) {
    options.strength = challenge::Strength::kPixels;
  }
  return options;
}

}  // namespace
}  // namespace gradspace::capi

using namespace gradspace::capi;  // NOLINT(google-build-using-namespace): C functions have none

extern "C" gradspace_status gradspace_challenge(const gradspace_image* image, const char* type,
                                                int32_t level, uint64_t seed, uint32_t flags,
                                                uint8_t* out, size_t out_size, int64_t out_stride) {
  namespace challenge = gradspace::challenge;
  return guarded("gradspace_challenge", [&] {
    require(image, "image");
    require(type, "type");
    require(out, "out");
    const challenge::Type parsed = challenge::parse_type(type);
    const challenge::Options options = options_of(flags);
    const gradspace::Image clean = image_of(*image);
    const std::size_t stride = checked_stride(clean, out_size, out_stride);
    write_rows(challenge::apply(clean, parsed, level, seed, options), image->layout, out, stride);
  });
}
