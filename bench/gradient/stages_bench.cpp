// Where the engine's time goes: every step by itself, for the default autoencoder and for GradCon's, on
// arrays that the step before would have left in the caches. "peak" is the share of the core's multiply-adds a second.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradient/lane_group.h"
#include "gradient/network.h"
#include "networks.h"
#include "peak.h"
#include "stages_bench.h"

namespace gradspace::gradient {
namespace {

/// A network and one group of its images, walked through once.
class Stage {
 public:
  Stage(const AutoencoderSpec& spec, const Kernels& kernels)
      : kernels_(kernels),
        network_(initialise(spec, 0), kernels, /*sampled=*/false),
        walk_(network_),
        loader_(kernels, network_.spec().input),
        slab_(allocate_floats(network_.slab_size() * kernels.lanes)),
        images_(kernels.lanes * network_.image_size()),
        rows_(kernels.lanes * network_.image_size()) {
    Random random(0);
    std::ranges::generate(images_, [&] { return static_cast<std::uint8_t>(random.below(256)); });
    load();
    walk_.forward(0, network_.layers().size());
  }

  void load() { loader_.load({0, kernels_.lanes}, images_.data(), walk_.image()); }

  void forward(std::size_t layer) { walk_.forward(layer); }

  void backward(std::size_t layer) {
    walk_.backward(layer, walk_.output(layer), walk_.gradient_buffer());
  }

  void weight(std::size_t layer) {
    for (const ChannelBlock& block : network_.layers()[layer].weight.small_blocks) {
      walk_.weight_gradient(layer, block, walk_.output(layer), slab_.get(), /*accumulate=*/false);
    }
  }

  void output() {
    OutputCall call;
    call.count = network_.image_size();
    call.logits = walk_.output(network_.output_layer());
    call.images = walk_.image();
    call.gradient = walk_.output(network_.output_layer());
    kernels_.output(call);
  }

  void store() {
    store_values(kernels_, {0, kernels_.lanes}, walk_.image(), network_.image_size(), rows_.data(),
                 network_.image_size());
  }

 private:
  const Kernels& kernels_;
  Network network_;
  Walk walk_;
  ImageLoader loader_;
  AlignedFloats slab_;
  std::vector<std::uint8_t> images_;
  std::vector<float> rows_;
};

/// `multiply_adds` of one image; 0 where a step has none.
template <class Step>
void add(const AutoencoderSpec& spec, const std::string& name, InstructionSet set,
         std::uint64_t multiply_adds, Step step) {
  const auto run = [=](benchmark::State& state) {
    const Kernels& set_kernels = kernels(set);
    Stage stage(spec, set_kernels);
    const double peak_rate = peak(set);
    for (auto _ : state) {
      step(stage);
      benchmark::ClobberMemory();
    }
    const auto images =
        static_cast<double>(state.iterations()) * static_cast<double>(set_kernels.lanes);
    state.SetItemsProcessed(static_cast<std::int64_t>(images));
    if (multiply_adds > 0) {
      state.counters["peak%"] =
          benchmark::Counter(100 * images * static_cast<double>(multiply_adds) / peak_rate,
                             benchmark::Counter::kIsRate);
    }
  };
  benchmark::RegisterBenchmark((name + "/" + std::string(gradspace::name(set))).c_str(), run);
}

void register_network(const std::string& prefix, const AutoencoderSpec& spec, InstructionSet set) {
  const Network network(initialise(spec, 0), kernels(set), /*sampled=*/false);
  const auto add_step = [&](const std::string& name, std::uint64_t multiply_adds, auto step) {
    add(spec, prefix + name, set, multiply_adds, step);
  };
  add_step("load", 0, [](Stage& stage) { stage.load(); });
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const Layer& layer = network.layers()[i];
    add_step("forward/" + layer.name, layer.forward.multiply_adds(),
             [i](Stage& stage) { stage.forward(i); });
  }
  add_step("output", 0, [](Stage& stage) { stage.output(); });
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const Layer& layer = network.layers()[i];
    add_step("weight/" + layer.name, layer.weight.multiply_adds(),
             [i](Stage& stage) { stage.weight(i); });
    if (i > 0) {
      add_step("backward/" + layer.name, layer.backward.multiply_adds(),
               [i](Stage& stage) { stage.backward(i); });
    }
  }
  add_step("store", 0, [](Stage& stage) { stage.store(); });
}

}  // namespace
}  // namespace gradspace::gradient

namespace gradspace {

void register_stages() {
  for (const InstructionSet set : available_instruction_sets()) {
    gradient::register_network("stages/", AutoencoderSpec(), set);
    gradient::register_network("gradcon_stages/", gradcon_spec(1), set);
  }
}

}  // namespace gradspace
