// What a core can do at most.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "gradient/kernels.h"

namespace gradspace {

/// Multiply-adds a second, the best of a few short runs.
inline double peak(InstructionSet set) {
  const gradient::Kernels& kernels = gradient::kernels(set);
  constexpr std::size_t kSteps = 1'000'000;
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(kernels.multiply_adds(kSteps));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    best = std::max(best, static_cast<double>(kSteps * kernels.lanes) *
                              static_cast<double>(kernels.accumulators) / seconds.count());
  }
  return best;
}

}  // namespace gradspace
