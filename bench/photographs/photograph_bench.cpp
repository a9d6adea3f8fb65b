// Frames a second that a detector of photographs judges, decoding excluded, on one thread.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/random.h"
#include "gradspace/photograph.h"
#include "run_benchmarks.h"

namespace {

using namespace gradspace;
namespace fs = std::filesystem;

/// Rectangles and noise: enough for every number to differ.
Image frame(int width, int height, std::uint64_t seed) {
  Random random(seed);
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < image.row(y).size(); ++x) {
      const auto block = static_cast<std::uint64_t>(y / 24) * 1000 + x / 90 + seed * 77;
      image.row(y)[x] = static_cast<std::uint8_t>(mix(block) % 200 + random.below(30));
    }
  }
  return image;
}

/// Fitted to a few small frames: what it has learned is of no account for its speed.
struct Fitted {
  Model model = initialise(autoencoder_for(28, 28), 1);
  std::map<std::string, Detector> detectors;

  Fitted() {
    const fs::path folder =
        fs::temp_directory_path() / fmt::format("gradspace-bench-{}", ::getpid());
    fs::create_directories(folder);
    for (std::uint64_t i = 0; i < 24; ++i) {
      write_image(folder / fmt::format("{:02}.png", i), frame(112, 84, i));
    }
    const auto source = open_source(folder);
    for (const PhotographMethodInfo& method : photograph_methods()) {
      PhotographOptions options;
      options.method = method.name;
      options.false_alarms = 0.1;
      detectors[method.name] = fit_photographs(&model, *source, options);
    }
    fs::remove_all(folder);
  }
};

const Fitted& fitted() {
  static const Fitted all;
  return all;
}

void score_frames(benchmark::State& state, const std::string& method, int width, int height) {
  PhotographScorer scorer(&fitted().model, fitted().detectors.at(method));
  const Image image = frame(width, height, 5);
  for (auto _ : state) {
    benchmark::DoNotOptimize(scorer.score(image));
  }
  state.SetItemsProcessed(state.iterations());
}

void register_all() {
  for (const PhotographMethodInfo& method : photograph_methods()) {
    for (const auto& [width, height] : {std::pair(640, 480), std::pair(1920, 1080)}) {
      benchmark::RegisterBenchmark(
          fmt::format("{}/{}x{}", method.name, width, height).c_str(),
          [name = method.name, width = width, height = height](benchmark::State& state) {
            score_frames(state, name, width, height);
          })
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  register_all();
  return gradspace::run_benchmarks(argc, argv);
}
