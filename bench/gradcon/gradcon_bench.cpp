// A GradCon training step and scoring on one core. bench/run.sh runs it beside Python PyTorch.
#include <benchmark/benchmark.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradient/alignment/trainer.h"
#include "gradspace/gradcon.h"
#include "gradspace/gradcon_detector.h"
#include "gradspace/scorer.h"

namespace gradspace {
namespace {

constexpr std::size_t kBatch = 64;

std::vector<std::uint8_t> random_images(const AutoencoderSpec& spec, std::size_t n) {
  Random random(0);
  std::vector<std::uint8_t> images(n * spec.input.size());
  std::ranges::generate(images, [&] { return static_cast<std::uint8_t>(random.below(256)); });
  return images;
}

void report(benchmark::State& state, std::size_t images) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(images));
}

void training(benchmark::State& state, int channels, double alignment) {
  const AutoencoderSpec spec = gradcon_autoencoder(channels);
  const std::vector<std::uint8_t> images = random_images(spec, kBatch);
  GradConOptions options;
  options.alignment = alignment;
  gradient::alignment::Trainer trainer(initialise(spec, 0), options, 1e-3);
  oneapi::tbb::task_arena arena(1);
  arena.execute([&] {
    trainer.step(images, kBatch, {});
    for (auto _ : state) {
      benchmark::DoNotOptimize(trainer.step(images, kBatch, {}));
    }
  });
  report(state, kBatch);
}

void scoring(benchmark::State& state, int channels) {
  const AutoencoderSpec spec = gradcon_autoencoder(channels);
  Model model = initialise(spec, 0);
  for (const LayerInfo& layer : layers(spec)) {
    if (layer.name.starts_with("up.")) {
      const std::string name = layer.name + ".weight";
      model.mean_gradients[name] = model.weights.at(name);
    }
  }
  const std::vector<std::uint8_t> images = random_images(spec, kBatch);
  const Detector detector = gradcon_detector(model, images);
  Scorer scorer(model, detector);
  for (auto _ : state) {
    benchmark::DoNotOptimize(scorer.score_fitted(images));
  }
  report(state, kBatch);
}

BENCHMARK_CAPTURE(training, 1_channel, 1, 0.03);
BENCHMARK_CAPTURE(training, 3_channels, 3, 0.03);
BENCHMARK_CAPTURE(training, 1_channel_without_alignment, 1, 0.0);
BENCHMARK_CAPTURE(scoring, 1_channel, 1);
BENCHMARK_CAPTURE(scoring, 3_channels, 3);

}  // namespace
}  // namespace gradspace

BENCHMARK_MAIN();
