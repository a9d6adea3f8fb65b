// Memory for vectors.
#pragma once

#include <cstddef>

#include "core/aligned_array.h"

namespace gradspace {

/// Room for floats that grows as it must and is kept. Aligned for vectors of any width.
class LaneMemory {
 public:
  /// Not initialised; what was there before is lost where it grows. Throws std::bad_alloc.
  float* room(std::size_t count) {
    if (count > size_) {
      size_ = 0;
      values_ = make_aligned<float>(count);
      size_ = count;
    }
    return values_.get();
  }

 private:
  AlignedArray<float> values_;
  std::size_t size_ = 0;
};

}  // namespace gradspace
