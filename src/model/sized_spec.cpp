// Autoencoders like the paper's for inputs of other sizes.
#include <fmt/format.h>

#include <array>

#include "gradspace/error.h"
#include "gradspace/model.h"

namespace gradspace {
namespace {

constexpr std::array kPadding = {1, 2, 0, 3};
constexpr std::array kOutputPadding = {0, 1};

/// The side of what four layers of kernel 4, stride 2 and padding 2 make of an input's side.
int encoded_side(int side) {
  for (int layer = 0; layer < 4; ++layer) {
    side = side / 2 + 1;
  }
  return side;
}

/// What a layer adds to twice its input's side: ConvTranspose2d of kernel 4 and stride 2.
int added_by(int padding, int output_padding) {
  return 2 - 2 * padding + output_padding;
}

/// Finds paddings from layer `layer` on with which a side of zero would become `missing`. Those of the paper are tried
/// first.
bool choose_paddings(std::vector<ConvSpec>& up, std::size_t layer, int missing) {
  if (layer == up.size()) {
    return missing == 0;
  }
  const int doubled = 1 << (up.size() - 1 - layer);
  for (const int output_padding : kOutputPadding) {
    for (const int padding : kPadding) {
      const int rest = missing - doubled * added_by(padding, output_padding);
      // What the layers below can still add or take away.
      if (rest < -4 * doubled || rest > 3 * doubled) {
        continue;
      }
      up[layer].padding = padding;
      up[layer].output_padding = output_padding;
      if (choose_paddings(up, layer + 1, rest)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

AutoencoderSpec autoencoder_for(int width, int height, int channels) {
  AutoencoderSpec spec;
  if (width == spec.input.width && height == spec.input.height && channels == spec.input.channels) {
    return spec;
  }
  spec.input = {channels, height, width};
  spec.up.back().out_channels = channels;
  const int missing = width - 16 * encoded_side(width);
  const bool alike = missing == height - 16 * encoded_side(height);
  if (!alike || !choose_paddings(spec.up, 0, missing)) {
    throw InvalidArgument(
        fmt::format("{}x{}: no autoencoder of four layers gives this size back; square sizes and "
                    "multiples of 16 are possible, "
                    "others by a description (--spec)",
                    width, height));
  }
  spec.validate();
  return spec;
}

}  // namespace gradspace
