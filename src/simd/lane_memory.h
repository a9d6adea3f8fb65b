// Memory for vectors.
#pragma once

#include <hwy/aligned_allocator.h>

#include <cstddef>
#include <new>

namespace gradspace {

/// Room for floats that grows as it must and is kept. Aligned for vectors of any width.
class LaneMemory {
 public:
  /// Not initialised; what was there before is lost where it grows. Throws std::bad_alloc.
  float* room(std::size_t count) {
    if (count > size_) {
      values_ = hwy::AllocateAligned<float>(count);
      size_ = values_ == nullptr ? 0 : count;
      if (values_ == nullptr) {
        throw std::bad_alloc();
      }
    }
    return values_.get();
  }

 private:
  hwy::AlignedFreeUniquePtr<float[]> values_;
  std::size_t size_ = 0;
};

}  // namespace gradspace
