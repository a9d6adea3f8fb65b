// Pictures made small, and put beside one another, for people to look at.
#pragma once

#include <span>

#include "gradspace/image.h"

namespace gradspace {

/// Within `side` by `side` pixels, in its proportions; a smaller image stays as it is.
Image thumbnail(const Image& image, int side);

/// RGB pictures of one size, side by side; at least one.
Image picture_strip(std::span<const Image> panels);

}  // namespace gradspace
