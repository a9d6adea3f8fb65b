// How values of features lie in files.
#pragma once

#include <cstddef>

#include "gradspace/feature_set.h"
#include "gradspace/npy.h"

namespace gradspace {

NpyType npy_type(FeatureType type);

/// Bytes of one value.
std::size_t item_size(FeatureType type);

}  // namespace gradspace
