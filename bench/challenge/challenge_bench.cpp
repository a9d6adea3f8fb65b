// How fast challenges are made: every type at every level, for a crop and for a full HD frame.
//
//   build/release/bin/gradspace_challenge_bench
//
// "all" is the mean over the sixty pairs. One thread; the picture is synthetic (edges, ramps, noise), as
// no step's time depends on what it shows.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "core/random.h"
#include "gradspace/challenge.h"
#include "run_benchmarks.h"

namespace gradspace::challenge {
namespace {

Image picture(int width, int height) {
  Image image(width, height, 3);
  Random random(1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool inside = std::hypot(x - width / 2, y - height / 2) < height / 3;
      for (int c = 0; c < 3; ++c) {
        const double value = (inside ? 180 : 40 + 60.0 * x / width) + 20 * c + 3 * random.normal();
        image.row(y)[static_cast<std::size_t>(3 * x + c)] = static_cast<std::uint8_t>(value);
      }
    }
  }
  return image;
}

void one_pair(benchmark::State& state, const Image& image, Type type, int level) {
  std::uint64_t seed = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(apply(image, type, level, seed++));
  }
  state.SetItemsProcessed(state.iterations());
}

void all_pairs(benchmark::State& state, const Image& image) {
  std::uint64_t seed = 0;
  for (auto _ : state) {
    for (const TypeInfo& info : all_types()) {
      for (int level = 1; level <= kLevels; ++level) {
        benchmark::DoNotOptimize(apply(image, info.type, level, seed));
      }
    }
    ++seed;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all_types().size()) *
                          kLevels);
}

void add_size(int width, int height) {
  const Image image = picture(width, height);
  const std::string size = fmt::format("{}x{}", width, height);
  benchmark::RegisterBenchmark((size + "/all").c_str(), all_pairs, image)
      ->Unit(benchmark::kMillisecond);
  for (const TypeInfo& info : all_types()) {
    for (const int level : {1, 3, kLevels}) {
      benchmark::RegisterBenchmark(fmt::format("{}/{}/{}", size, info.name, level).c_str(),
                                   one_pair, image, info.type, level)
          ->Unit(benchmark::kMicrosecond);
    }
  }
}

}  // namespace
}  // namespace gradspace::challenge

int main(int argc, char** argv) {
  benchmark::AddCustomContext("threads", "1");
  gradspace::challenge::add_size(64, 64);
  gradspace::challenge::add_size(1920, 1080);
  return gradspace::run_benchmarks(argc, argv);
}
