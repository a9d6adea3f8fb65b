// The native engine and native training on one core, beside the processor's peak of multiply-adds
// measured in the same run. bench/run.sh runs it beside Python PyTorch.
//
// "peak" is the share of that instruction set's own peak; multiply-adds are counted on taps inside the
// image and nothing else: conversion, sigmoid and transposes count as no work.
#include <benchmark/benchmark.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradient/network.h"
#include "gradspace/gradient.h"
#include "gradspace/train.h"
#include "networks.h"
#include "peak.h"
#include "run_benchmarks.h"
#include "scaling_bench.h"
#include "stages_bench.h"

namespace gradspace {
namespace {

std::vector<std::uint8_t> random_images(const AutoencoderSpec& spec, std::size_t n) {
  Random random(0);
  std::vector<std::uint8_t> images(n * spec.input.size());
  std::ranges::generate(images, [&] { return static_cast<std::uint8_t>(random.below(256)); });
  return images;
}

/// Multiply-adds of one image.
struct Work {
  explicit Work(const AutoencoderSpec& spec)
      : network(initialise(spec, 0), gradient::kernels(InstructionSet::kBest), false) {}

  std::uint64_t forward() const {
    std::uint64_t sum = 0;
    for (const gradient::Layer& layer : network.layers()) {
      sum += layer.forward.multiply_adds();
    }
    return sum;
  }
  /// The gradients at the inputs of layers [begin, end).
  std::uint64_t backward(std::size_t begin, std::size_t end) const {
    std::uint64_t sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sum += network.layers()[i].backward.multiply_adds();
    }
    return sum;
  }
  std::uint64_t weights(std::size_t begin, std::size_t end) const {
    std::uint64_t sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sum += network.layers()[i].weight.multiply_adds();
    }
    return sum;
  }
  std::size_t size() const { return network.layers().size(); }

  gradient::Network network;
};

std::uint64_t proposed_work(const AutoencoderSpec& spec) {
  const Work work(spec);
  const std::size_t heads = work.network.encoder_end();
  return work.forward() + work.weights(work.size() - 1, work.size()) +
         work.weights(heads - 1, heads) + work.backward(heads, heads + 2);
}

std::uint64_t all_work(const AutoencoderSpec& spec) {
  const Work work(spec);
  const std::size_t heads = work.network.encoder_end();
  const std::uint64_t bce = work.weights(0, work.size()) - work.weights(heads + 1, heads + 2) +
                            work.backward(1, work.size()) - work.backward(heads + 1, heads + 2);
  const std::uint64_t kld = work.weights(0, heads + 2) + work.backward(1, heads + 2);
  return work.forward() + bce + kld;
}

std::uint64_t decoder_work(const AutoencoderSpec& spec) {
  const Work work(spec);
  const std::size_t decoder = work.network.decoder_begin();
  return work.forward() + work.weights(decoder, work.size()) +
         work.backward(decoder + 1, work.size());
}

std::uint64_t training_work(const AutoencoderSpec& spec) {
  const Work work(spec);
  return work.forward() + work.backward(1, work.size()) + work.weights(0, work.size());
}

void report(benchmark::State& state, std::size_t n, std::uint64_t work, double peak_rate) {
  const auto images = static_cast<double>(state.iterations()) * static_cast<double>(n);
  state.SetItemsProcessed(static_cast<std::int64_t>(images));
  state.counters["peak%"] = benchmark::Counter(100 * images * static_cast<double>(work) / peak_rate,
                                               benchmark::Counter::kIsRate);
}

struct Case {
  std::string name;
  AutoencoderSpec spec;
  std::string request;
  std::uint64_t work = 0;
  std::size_t images = 0;
};

void gradients(benchmark::State& state, const Case& c, InstructionSet set) {
  const Model model = initialise(c.spec, 0);
  const std::vector<std::uint8_t> images = random_images(c.spec, c.images);
  const auto engine = make_native_backend(model, parse_features(c.request, c.spec), set);
  std::vector<float> features(c.images * dimension(engine->blocks()));
  GradientOutputs outputs;
  outputs.features = features;
  const double peak_rate = peak(set);
  for (auto _ : state) {
    engine->run(ImageBatch::of_u8(images, c.images), outputs);
    benchmark::DoNotOptimize(features.data());
    benchmark::ClobberMemory();
  }
  report(state, c.images, c.work, peak_rate);
}

void training(benchmark::State& state, int threads) {
  const AutoencoderSpec spec;
  constexpr std::size_t kBatch = 128;
  const std::vector<std::uint8_t> images = random_images(spec, kBatch);
  Random random(1);
  std::vector<float> noise(kBatch * static_cast<std::size_t>(spec.latent));
  std::ranges::generate(noise, [&] { return static_cast<float>(random.normal()); });
  const auto backend = make_native_training(initialise(spec, 0), StepOptions());
  const double peak_rate = threads * peak(InstructionSet::kBest);
  oneapi::tbb::task_arena arena(threads);
  for (auto _ : state) {
    arena.execute([&] { benchmark::DoNotOptimize(backend->step(images, kBatch, noise)); });
  }
  report(state, kBatch, training_work(spec), peak_rate);
}

void register_all() {
  const AutoencoderSpec vae;
  const std::vector<Case> cases{
      {"proposed", vae, proposed_features(vae), proposed_work(vae), 512},
      {"proposed/one_image", vae, proposed_features(vae), proposed_work(vae), 1},
      {"all", vae, "all", all_work(vae), 128},
      {"gradcon_decoder/1_channel", gradcon_spec(1), "up.0:bce,up.2:bce,up.4:bce,up.6:bce",
       decoder_work(gradcon_spec(1)), 32},
      {"gradcon_decoder/3_channels", gradcon_spec(3), "up.0:bce,up.2:bce,up.4:bce,up.6:bce",
       decoder_work(gradcon_spec(3)), 32}};
  for (const InstructionSet set : available_instruction_sets()) {
    for (const Case& c : cases) {
      benchmark::RegisterBenchmark(("gradients/" + c.name + "/" + std::string(name(set))).c_str(),
                                   [c, set](benchmark::State& state) { gradients(state, c, set); })
          ->Unit(benchmark::kMicrosecond);
    }
  }
  for (const int threads : {1, 2}) {
    benchmark::RegisterBenchmark(("training/batch_128/threads_" + std::to_string(threads)).c_str(),
                                 [threads](benchmark::State& state) { training(state, threads); })
        ->Unit(benchmark::kMicrosecond)
        ->UseRealTime();
  }
}

}  // namespace
}  // namespace gradspace

int main(int argc, char** argv) {
  for (const gradspace::InstructionSet set : gradspace::available_instruction_sets()) {
    benchmark::AddCustomContext(
        "peak " + std::string(gradspace::name(set)),
        std::to_string(gradspace::peak(set) / 1e9) + " G multiply-adds/s a core");
  }
  gradspace::register_all();
  gradspace::register_stages();
  gradspace::register_scaling();
  return gradspace::run_benchmarks(argc, argv);
}
