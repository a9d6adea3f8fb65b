// The scale below a picture of heat, which says what its colours mean.
#pragma once

#include <string_view>

#include "gradspace/image.h"
#include "image/heat_colour.h"

namespace gradspace {

/// One pixel of an RGB image.
void paint_pixel(Image& image, int x, int y, const Colour& colour);

/// A bar of all colours of kIndigoToYellow between the texts of its two ends, over the image's rows from `top` on.
void paint_heat_legend(Image& picture, int top, int height, int text_scale, std::string_view low,
                       std::string_view high);

}  // namespace gradspace
