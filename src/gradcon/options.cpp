#include <cmath>

#include "core/options.h"
#include "gradspace/gradcon.h"

namespace gradspace {

AutoencoderSpec gradcon_autoencoder(int channels, int latent) {
  AutoencoderSpec spec;
  spec.input = {channels, 28, 28};
  spec.down = {{32}, {32}, {64}, {64}};
  spec.latent = latent;
  spec.up = {{64, 4, 2, 2}, {32, 4, 2, 1}, {32, 4, 2, 2}, {channels, 4, 2, 1}};
  spec.validate();
  return spec;
}

void GradConOptions::validate() const {
  constexpr OptionCheck require("gradcon");
  require(epochs >= 1, "epochs", epochs, "1 or more");
  require(batch >= 1, "batch", batch, "1 or more");
  require(std::isfinite(learning_rate) && learning_rate > 0, "learning rate", learning_rate,
          "a finite number over 0");
  require(std::isfinite(alignment) && alignment >= 0, "alignment weight", alignment,
          "a finite number, 0 or more");
  require(std::isfinite(kld_weight) && kld_weight >= 0, "KLD weight", kld_weight,
          "a finite number, 0 or more");
  require.resumable(resume, checkpoint);
}

}  // namespace gradspace
