#include "layer_case.h"

#include <algorithm>

#include "core/random.h"
#include "gradient/network.h"

namespace gradspace::rivals {
namespace {

std::vector<float> drawn(std::size_t count, Random& random) {
  std::vector<float> values(count);
  std::ranges::generate(values, [&] { return static_cast<float>(random.normal()); });
  return values;
}

}  // namespace

Model measured_model() {
  return initialise(AutoencoderSpec(), 0);
}

std::vector<LayerCase> layer_cases(std::size_t images) {
  const Model model = measured_model();
  const gradient::Network network(model, gradient::kernels(InstructionSet::kBest), false);
  const std::vector<LayerInfo> infos = layers(model.spec);
  Random random(0);
  std::vector<LayerCase> cases;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const gradient::Layer& layer = network.layers()[i];
    LayerCase c;
    c.index = i;
    c.info = infos[i];
    c.geometry = layer.geometry;
    c.relu = layer.relu;
    c.images = images;
    c.weight = model.weights.at(layer.name + ".weight").values;
    c.bias = model.weights.at(layer.name + ".bias").values;
    c.input = drawn(images * c.info.in.size(), random);
    c.output_gradient = drawn(images * c.info.out.size(), random);
    c.forward_work = layer.forward.multiply_adds();
    c.weight_work = layer.weight.multiply_adds();
    cases.push_back(std::move(c));
  }
  return cases;
}

void add_bias_and_relu(const LayerCase& layer, std::vector<float>& outputs) {
  const std::size_t channels = layer.bias.size();
  const std::size_t plane = layer.info.out.size() / channels;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] += layer.bias[i / plane % channels];
    outputs[i] = layer.relu ? std::max(outputs[i], 0.0F) : outputs[i];
  }
}

}  // namespace gradspace::rivals
