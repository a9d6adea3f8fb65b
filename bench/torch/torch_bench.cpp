// The LibTorch module's speed through the public interface, in images a second. bench/run.sh
// runs it beside Python PyTorch. With a CUDA device also that device's speed, and that of the native engine
// beside it, as networks grow.
#include <benchmark/benchmark.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradspace/backends.h"
#include "gradspace/threads.h"
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
void gradients(benchmark::State& state, const std::string& device, const std::string& request,
               bool losses) {
  const Model model = initialise(AutoencoderSpec(), 0);
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::vector<std::uint8_t> images = random_images(model.spec, n);
  const auto backend = torch_module().make_gradients(model, parse_features(request, model.spec),
                                                     device, Precision::kFloat32);
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

void training(benchmark::State& state, const BackendChoice& choice, const AutoencoderSpec& spec) {
  const Model model = initialise(spec, 0);
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::vector<std::uint8_t> images = random_images(spec, n);
  Random random(1);
  std::vector<float> noise(n * static_cast<std::size_t>(spec.latent));
  std::ranges::generate(noise, [&] { return static_cast<float>(random.normal()); });
  const auto backend = make_training_backend(choice, model, TrainOptions());
  for (auto _ : state) {
    benchmark::DoNotOptimize(backend->step(images, n, noise));
  }
  count_images(state, n);
}

/// Both gradients of the paper, the images divided among `workers` backends that run at one time.
void proposed(benchmark::State& state, const BackendChoice& choice, const AutoencoderSpec& spec,
              std::size_t workers) {
  const std::size_t each = static_cast<std::size_t>(state.range(0)) / workers;
  const std::vector<std::uint8_t> images = random_images(spec, each);
  const auto blocks = parse_features(proposed_features(spec), spec);
  std::vector<std::unique_ptr<GradientBackend>> backends;
  std::vector<std::vector<float>> features(workers);
  for (std::vector<float>& room : features) {
    room.resize(each * dimension(blocks));
    backends.push_back(make_gradient_backend(choice, initialise(spec, 0), blocks));
  }
  for (auto _ : state) {
    oneapi::tbb::parallel_for(std::size_t{0}, workers, [&](std::size_t worker) {
      GradientOutputs outputs;
      outputs.features = features[worker];
      backends[worker]->run(ImageBatch::of_u8(images, each), outputs);
    });
  }
  count_images(state, each * workers);
}

constexpr const char* kProposed = "down.6:kld,up.6:bce";

/// As "gradients/proposed/256" on a processor, "cuda/gradients/proposed/256" on a graphics card, where
/// time is the clock's: the processor waits for the card.
void register_device(const std::string& device) {
  const bool cpu = device == "cpu";
  const auto add = [&](const std::string& name, auto function, auto... arguments) {
    auto* added = benchmark::RegisterBenchmark(
        ((cpu ? "" : device + "/") + name).c_str(),
        [=](benchmark::State& state) { function(state, arguments...); });
    return cpu ? added : added->UseRealTime();
  };
  add("gradients/proposed", gradients, device, kProposed, false)
      ->Arg(1)
      ->Arg(16)
      ->Arg(32)
      ->Arg(64)
      ->Arg(256)
      ->Arg(1024);
  add("gradients/proposed_and_losses", gradients, device, kProposed, true)->Arg(256);
  add("gradients/all", gradients, device, "all", false)->Arg(256);
  add("training", training, BackendChoice{"torch", device}, AutoencoderSpec())->Arg(128);
}

/// The native engine on all cores beside a graphics card, as networks grow.
void register_sizes() {
  const auto cores = static_cast<std::size_t>(usable_threads());
  for (const int side : {28, 64, 128, 256}) {
    const AutoencoderSpec spec = autoencoder_for(side, side);
    for (const BackendChoice& choice : {BackendChoice(), BackendChoice{"torch", "cuda"}}) {
      const auto add = [&](const std::string& name, auto function, auto... arguments) {
        return benchmark::RegisterBenchmark(
                   ("side_" + std::to_string(side) + "/" + choice.text() + "/" + name).c_str(),
                   [=](benchmark::State& state) { function(state, choice, spec, arguments...); })
            ->UseRealTime();
      };
      add("training", training)->Arg(128)->Arg(1024);
      add("gradients", proposed, choice.name == "native" ? cores : 1)->Arg(1024);
    }
  }
}

}  // namespace
}  // namespace gradspace

int main(int argc, char** argv) {
  const char* threads = std::getenv("OMP_NUM_THREADS");
  benchmark::AddCustomContext("threads", threads == nullptr ? "LibTorch's default" : threads);
  benchmark::AddCustomContext("LibTorch", gradspace::torch_module().version());
  gradspace::register_device("cpu");
  if (gradspace::torch_module().has_cuda()) {
    gradspace::register_device("cuda");
    gradspace::register_sizes();
  }
  return gradspace::run_benchmarks(argc, argv);
}
