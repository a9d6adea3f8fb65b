// What both gradients of the paper cost as the work grows: images from a thousand to ten million, inputs from
// 28 to 256 pixels a side, one thread and two.
#include <benchmark/benchmark.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradspace/gradient.h"
#include "gradspace/model.h"
#include "scaling_bench.h"

namespace gradspace {
namespace {

/// An engine with room for a part of the images: what one thread works with.
class PartWorker {
 public:
  PartWorker(const AutoencoderSpec& spec, std::size_t images)
      : count_(images),
        images_(images * spec.input.size()),
        engine_(make_native_backend(initialise(spec, 0),
                                    parse_features(proposed_features(spec), spec),
                                    InstructionSet::kBest)),
        features_(images * dimension(engine_->blocks())) {
    Random random(0);
    std::ranges::generate(images_, [&] { return static_cast<std::uint8_t>(random.below(256)); });
  }

  void run() {
    GradientOutputs outputs;
    outputs.features = features_;
    engine_->run(ImageBatch::of_u8(images_, count_), outputs);
    benchmark::DoNotOptimize(features_.data());
  }

 private:
  std::size_t count_;
  std::vector<std::uint8_t> images_;
  std::unique_ptr<GradientBackend> engine_;
  std::vector<float> features_;
};

/// `images` in parts, each thread with a worker of its own.
void scale(benchmark::State& state, const AutoencoderSpec& spec, std::size_t images,
           std::size_t part, int threads) {
  std::vector<std::unique_ptr<PartWorker>> workers;
  for (int i = 0; i < threads; ++i) {
    workers.push_back(std::make_unique<PartWorker>(spec, part));
  }
  const auto each = static_cast<std::int64_t>(images / part) / threads;
  oneapi::tbb::task_arena arena(threads);
  for (auto _ : state) {
    arena.execute([&] {
      oneapi::tbb::parallel_for(
          0, threads,
          [&](int i) {
            for (std::int64_t done = 0; done < each; ++done) {
              workers[static_cast<std::size_t>(i)]->run();
            }
          },
          oneapi::tbb::static_partitioner());
    });
  }
  state.SetItemsProcessed(state.iterations() * each * threads * static_cast<std::int64_t>(part));
}

void add(const std::string& name, const AutoencoderSpec& spec, std::size_t images,
         std::size_t part) {
  for (const int threads : {1, 2}) {
    benchmark::RegisterBenchmark(
        (name + "/threads_" + std::to_string(threads)).c_str(),
        [=](benchmark::State& state) { scale(state, spec, images, part, threads); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
}

}  // namespace

void register_scaling() {
  constexpr std::size_t kPart = 500;
  for (std::size_t images = 1'000; images <= 10'000'000; images *= 10) {
    add("scaling/images_" + std::to_string(images), AutoencoderSpec(), images, kPart);
  }
  for (const int side : {28, 64, 128, 256}) {
    const AutoencoderSpec spec = autoencoder_for(side, side);
    add("scaling/side_" + std::to_string(side), spec, 128, 32);
  }
}

}  // namespace gradspace
