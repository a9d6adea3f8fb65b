// Images of C as the library looks at them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gradspace.h"
#include "gradspace/image.h"

namespace gradspace::capi {

/// Throws InvalidArgument for an image that gradspace.h does not allow.
void check_image(const gradspace_image& image);

/// The pixels as they lie. Rows that lie bottom up are copied into `copied`, which then outlives the view. Throws
/// as `check_image`.
ImageView view_of(const gradspace_image& image, std::vector<std::uint8_t>& copied);

/// A copy: RGB, or grey. Throws as `check_image`.
Image image_of(const gradspace_image& image);

/// Writes an image of the library, in the layout of C that is asked for, into rows `stride` bytes apart.
void write_rows(const Image& image, std::int32_t layout, std::uint8_t* out, std::size_t stride);

}  // namespace gradspace::capi
