// What every training backend refuses before its first step.
#include <fmt/format.h>

#include <cmath>

#include "gradspace/error.h"
#include "gradspace/training_backend.h"

namespace gradspace {

void StepOptions::validate() const {
  if (!std::isfinite(learning_rate) || learning_rate <= 0) {
    throw InvalidArgument(
        fmt::format("train: learning rate {}: must be a finite number over 0", learning_rate));
  }
  if (!std::isfinite(beta) || beta < 0) {
    throw InvalidArgument(fmt::format("train: beta {}: must be a finite number, 0 or more", beta));
  }
}

}  // namespace gradspace
