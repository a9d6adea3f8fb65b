// What every training backend refuses before its first step.
#include <fmt/format.h>

#include <cmath>

#include "core/options.h"
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

void GradConOptions::validate() const {
  constexpr OptionCheck require("gradcon");
  require(std::isfinite(alignment) && alignment >= 0, "alignment weight", alignment,
          "a finite number, 0 or more");
  require(std::isfinite(kld_weight) && kld_weight >= 0, "KLD weight", kld_weight,
          "a finite number, 0 or more");
}

}  // namespace gradspace
