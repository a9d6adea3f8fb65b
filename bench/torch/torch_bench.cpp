// The LibTorch module's speed through the public interface, in images a second. bench/run.sh
// runs it beside Python PyTorch.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradspace/torch_module.h"
#include "run_benchmarks.h"

namespace gradspace {
namespace {

std::vector<std::uint8_t> random_images(const AutoencoderSpec& spec, std::size_t n) {
  Random random(0);
  std::vector<std::uint8_t> images(n * spec.input.size());
  std::ranges::generate(images, [&] { return static_cast<std::uint8_t>(random.below(256)); });
  return images;
}

void count_images(benchmark::State& state, std::size_t n) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
}

/// `losses`: with each image's BCE and KLD, as feature sets have them.
void gradients(benchmark::State& state, const std::string& request, bool losses) {
  const Model model = initialise(AutoencoderSpec(), 0);
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::vector<std::uint8_t> images = random_images(model.spec, n);
  const auto backend = torch_module().make_gradients(model, parse_features(request, model.spec),
                                                     "cpu", Precision::kFloat32);
  std::vector<float> features(n * dimension(backend->blocks()));
  std::vector<float> bce(n);
  std::vector<float> kld(n);
  GradientOutputs outputs;
  outputs.features = features;
  if (losses) {
    outputs.bce = bce;
    outputs.kld = kld;
  }
  for (auto _ : state) {
    backend->run(ImageBatch::of_u8(images, n), outputs);
    benchmark::DoNotOptimize(features.data());
  }
  count_images(state, n);
}

void training(benchmark::State& state) {
  const Model model = initialise(AutoencoderSpec(), 0);
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::vector<std::uint8_t> images = random_images(model.spec, n);
  Random random(1);
  std::vector<float> noise(n * static_cast<std::size_t>(model.spec.latent));
  std::ranges::generate(noise, [&] { return static_cast<float>(random.normal()); });
  const auto backend = torch_module().make_training(model, StepOptions(), "cpu");
  for (auto _ : state) {
    benchmark::DoNotOptimize(backend->step(images, n, noise));
  }
  count_images(state, n);
}

constexpr const char* kProposed = "down.6:kld,up.6:bce";

BENCHMARK_CAPTURE(gradients, proposed, kProposed, false)
    ->Arg(1)
    ->Arg(16)
    ->Arg(32)
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024);
BENCHMARK_CAPTURE(gradients, proposed_and_losses, kProposed, true)->Arg(256);
BENCHMARK_CAPTURE(gradients, all, "all", false)->Arg(256);
BENCHMARK(training)->Arg(128);

}  // namespace
}  // namespace gradspace

int main(int argc, char** argv) {
  const char* threads = std::getenv("OMP_NUM_THREADS");
  benchmark::AddCustomContext("threads", threads == nullptr ? "LibTorch's default" : threads);
  benchmark::AddCustomContext("LibTorch", gradspace::torch_module().version());
  return gradspace::run_benchmarks(argc, argv);
}
