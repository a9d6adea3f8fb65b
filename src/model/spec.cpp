#include <fmt/format.h>

#include <utility>

#include "gradspace/error.h"
#include "gradspace/model.h"

namespace gradspace {
namespace {

constexpr int kMaxExtent = 65536;

std::string text(const Extent& extent) {
  return fmt::format("{}x{}x{}", extent.channels, extent.height, extent.width);
}

void check_within(int value, int low, int high, const std::string& layer, const char* what) {
  if (value < low || value > high) {
    throw InvalidArgument(
        fmt::format("{}: {} is {}; it must be from {} to {}", layer, what, value, low, high));
  }
}

void check_extent(const Extent& extent, const std::string& layer) {
  check_within(extent.channels, 1, kMaxExtent, layer, "the number of channels");
  check_within(extent.height, 1, kMaxExtent, layer, "the height");
  check_within(extent.width, 1, kMaxExtent, layer, "the width");
  if (extent.size() > kMaxActivations) {
    throw InvalidArgument(fmt::format("{}: activations of {} are more than {} values", layer,
                                      text(extent), kMaxActivations));
  }
}

void check_conv(const ConvSpec& conv, bool transposed, const std::string& layer) {
  check_within(conv.out_channels, 1, kMaxExtent, layer, "out_channels");
  check_within(conv.kernel, 1, kMaxExtent, layer, "kernel");
  check_within(conv.stride, 1, kMaxExtent, layer, "stride");
  // Under the kernel's size, so that every window touches the image.
  check_within(conv.padding, 0, conv.kernel - 1, layer, "padding");
  check_within(conv.output_padding, 0, transposed ? conv.stride - 1 : 0, layer, "output_padding");
}

/// The length of a Conv2d's output along one axis.
int down_length(int in, const ConvSpec& conv, const std::string& layer) {
  const int padded = in + 2 * conv.padding;
  if (padded < conv.kernel) {
    throw InvalidArgument(fmt::format("{}: kernel {} is larger than its input {} with padding {}",
                                      layer, conv.kernel, in, conv.padding));
  }
  return (padded - conv.kernel) / conv.stride + 1;
}

/// The length of a ConvTranspose2d's output along one axis.
int up_length(int in, const ConvSpec& conv, const std::string& layer) {
  const std::int64_t length = std::int64_t{in - 1} * conv.stride - 2 * std::int64_t{conv.padding} +
                              conv.kernel + conv.output_padding;
  if (length < 1 || length > kMaxExtent) {
    throw InvalidArgument(
        fmt::format("{}: input length {}, kernel {}, stride {}, padding {} and output_padding {} "
                    "give length {}; it must be from 1 to {}",
                    layer, in, conv.kernel, conv.stride, conv.padding, conv.output_padding, length,
                    kMaxExtent));
  }
  return static_cast<int>(length);
}

/// Lines layers up, each upon the last one's output.
class Chain {
 public:
  explicit Chain(const Extent& input) : last_(input) { check_extent(input, "input"); }

  void add_down(const ConvSpec& conv, const std::string& layer) {
    check_conv(conv, false, layer);
    add({layer,
         LayerInfo::Kind::kConv,
         conv,
         last_,
         {conv.out_channels, down_length(last_.height, conv, layer),
          down_length(last_.width, conv, layer)},
         {conv.out_channels, last_.channels, conv.kernel, conv.kernel},
         {conv.out_channels}});
  }

  void add_up(const ConvSpec& conv, const std::string& layer) {
    check_conv(conv, true, layer);
    add({layer,
         LayerInfo::Kind::kConvTranspose,
         conv,
         last_,
         {conv.out_channels, up_length(last_.height, conv, layer),
          up_length(last_.width, conv, layer)},
         {last_.channels, conv.out_channels, conv.kernel, conv.kernel},
         {conv.out_channels}});
  }

  /// fc11, fc12 and fc2 around `latent` variables; the shape comes back as it was.
  void add_bottleneck(int latent) {
    const auto features = static_cast<int>(last_.size());
    const Extent flat{features, 1, 1};
    const Extent code{latent, 1, 1};
    const Extent shape = last_;
    for (const char* layer : {"fc11", "fc12"}) {
      add({layer, LayerInfo::Kind::kLinear, {}, flat, code, {latent, features}, {latent}});
    }
    add({"fc2", LayerInfo::Kind::kLinear, {}, code, flat, {features, latent}, {features}});
    last_ = shape;
  }

  const Extent& last() const { return last_; }
  std::vector<LayerInfo> take() { return std::move(layers_); }

 private:
  void add(LayerInfo layer) {
    if (layer.kind != LayerInfo::Kind::kLinear) {
      check_extent(layer.out, layer.name);
    }
    // In doubles, which don't overflow.
    double weights = 1;
    for (const std::int64_t extent : layer.weight_shape) {
      weights *= static_cast<double>(extent);
    }
    weights_ += weights;
    if (weights_ > static_cast<double>(kMaxWeights)) {
      throw InvalidArgument(fmt::format("{}: weights {} take the model over {} values", layer.name,
                                        shape_text(layer.weight_shape), kMaxWeights));
    }
    last_ = layer.out;
    layers_.push_back(std::move(layer));
  }

  Extent last_;
  double weights_ = 0;
  std::vector<LayerInfo> layers_;
};

}  // namespace

void AutoencoderSpec::validate() const {
  layers(*this);
}

std::vector<LayerInfo> layers(const AutoencoderSpec& spec) {
  if (spec.down.empty() || spec.up.empty()) {
    throw InvalidArgument(fmt::format("{}: no layer; an autoencoder has one or more",
                                      spec.down.empty() ? "down" : "up"));
  }
  check_within(spec.latent, 0, kMaxExtent, "latent", "the number of variables");
  Chain chain(spec.input);
  // The activations between them count in PyTorch's names.
  for (std::size_t i = 0; i < spec.down.size(); ++i) {
    chain.add_down(spec.down[i], fmt::format("down.{}", 2 * i));
  }
  if (spec.latent > 0) {
    chain.add_bottleneck(spec.latent);
  }
  for (std::size_t i = 0; i < spec.up.size(); ++i) {
    chain.add_up(spec.up[i], fmt::format("up.{}", 2 * i));
  }
  if (chain.last() != spec.input) {
    throw InvalidArgument(fmt::format("up.{}: gives {}, but the input is {}; they must be equal",
                                      2 * (spec.up.size() - 1), text(chain.last()),
                                      text(spec.input)));
  }
  return chain.take();
}

}  // namespace gradspace
