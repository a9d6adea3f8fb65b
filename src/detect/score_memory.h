// Memory that score functions work in. Kept from call to call, it spares a watch beside a camera the allocator.
#pragma once

#include <vector>

#include "detect/one_class/density.h"
#include "detect/one_class/matrix.h"
#include "detect/perceptron.h"

namespace gradspace {

/// For one thread at a time. What is in it between calls is of no meaning.
struct ScoreMemory {
  Matrix features;
  std::vector<float> gathered;  ///< gradients or norms that did not lie side by side
  DensityMemory density;
  Activations activations;
};

}  // namespace gradspace
