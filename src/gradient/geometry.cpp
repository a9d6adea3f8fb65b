#include "gradient/geometry.h"

namespace gradspace::gradient {

LayerGeometry geometry_of(const LayerInfo& layer) {
  switch (layer.kind) {
    case LayerInfo::Kind::kConv:
      return {layer.out, layer.in, layer.conv.kernel, layer.conv.stride, layer.conv.padding};
    case LayerInfo::Kind::kConvTranspose:
      return {layer.in, layer.out, layer.conv.kernel, layer.conv.stride, layer.conv.padding};
    case LayerInfo::Kind::kLinear:
      break;
  }
  const auto features = [](const Extent& extent) {
    return Extent{static_cast<int>(extent.size()), 1, 1};
  };
  return {features(layer.out), features(layer.in), 1, 1, 0};
}

std::vector<ChannelBlock> split_channels(int channels, int largest) {
  const int count = (channels + largest - 1) / largest;
  std::vector<ChannelBlock> blocks;
  int begin = 0;
  for (int i = 0; i < count; ++i) {
    const int size = channels / count + (i < channels % count ? 1 : 0);
    blocks.push_back({begin, size});
    begin += size;
  }
  return blocks;
}

}  // namespace gradspace::gradient
