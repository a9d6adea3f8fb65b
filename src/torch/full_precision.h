// Convolutions on CUDA in full single precision.
#pragma once

#include <mutex>

#include "torch/libtorch.h"

namespace gradspace {

/// While one lives, convolutions of floats on CUDA are computed in single precision. LibTorch lets cuDNN
/// round what they multiply to TF32, ten bits of mantissa, unless it is told otherwise, and has but
/// one setting for the whole process: the first of several sets it, the last puts it back.
class FullPrecision {
 public:
  FullPrecision() {
    const std::lock_guard lock(mutex_);
    if (alive_ == 0) {
      was_allowed_ = at::globalContext().allowTF32CuDNN();
      at::globalContext().setAllowTF32CuDNN(false);
    }
    ++alive_;
  }

  ~FullPrecision() {
    const std::lock_guard lock(mutex_);
    if (--alive_ == 0) {
      at::globalContext().setAllowTF32CuDNN(was_allowed_);
    }
  }

  FullPrecision(const FullPrecision&) = delete;
  FullPrecision& operator=(const FullPrecision&) = delete;

 private:
  static inline std::mutex mutex_;
  static inline int alive_ = 0;
  static inline bool was_allowed_ = true;
};

}  // namespace gradspace
