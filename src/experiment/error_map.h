// Pictures for people to look at: what a model sees, what it makes of it, where the two differ.
#pragma once

#include "gradspace/gradient.h"
#include "gradspace/image.h"
#include "gradspace/model.h"

namespace gradspace {

/// The image as a model of this input sees it.
Image prepared(const Image& image, const Extent& extent);

/// What `backend`'s model makes of a prepared image.
Image reconstruct(const Image& image, GradientBackend& backend);

/// The mean over channels of the absolute differences, as colours; the lightest from a difference
/// of half the range on, the same for every image.
Image error_map(const Image& image, const Image& reconstruction);

}  // namespace gradspace
