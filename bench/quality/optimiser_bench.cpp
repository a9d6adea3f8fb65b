// Which optimiser for the sparse linear decoder? L-BFGS on all patches against Adam on batches, by the
// loss over all patches after equal numbers of passes over them.
//
// Usage: gradspace_optimiser_bench PHOTOS PATCHES PASSES
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "decoder/decoder_loss.h"
#include "decoder/lbfgs.h"
#include "decoder/training_patches.h"
#include "gradspace/decoder_training.h"
#include "gradspace/error.h"

namespace {

using namespace gradspace;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 2000;

std::vector<float> initial_parameters() {
  Random random(0);
  std::vector<float> parameters(quality::kDecoderParameters, 0.0F);
  std::generate_n(parameters.begin(), 2 * quality::kDecoderWeights,
                  [&] { return static_cast<float>(random.uniform(-0.1, 0.1)); });
  return parameters;
}

void print(const std::string& name, int passes, double loss, Clock::time_point start) {
  fmt::print("{:12} {:5} passes  loss {:.6f}  {:.1f} s\n", name, passes, loss,
             std::chrono::duration<double>(Clock::now() - start).count());
  std::fflush(stdout);
}

bool is_reported(int pass, int passes) {
  return (pass & (pass - 1)) == 0 || pass == passes;
}

void run_lbfgs(quality::DecoderLoss& loss, int passes) {
  const auto start = Clock::now();
  Lbfgs descent([&](auto x, auto gradient) { return loss.evaluate(x, gradient).total(); },
                initial_parameters());
  int reported = 0;
  while (descent.evaluations() < passes && descent.iterate()) {
    if (descent.evaluations() >= 2 * reported || descent.evaluations() >= passes) {
      reported = descent.evaluations();
      print("L-BFGS", reported, descent.value(), start);
    }
  }
}

/// Each batch is a set of its own, so that the sparsity term is that of the batch's mean.
void run_adam(quality::DecoderLoss& loss, const std::vector<quality::Patches>& batches, double rate,
              int passes) {
  std::vector<std::unique_ptr<quality::DecoderLoss>> losses;
  for (const quality::Patches& batch : batches) {
    losses.push_back(std::make_unique<quality::DecoderLoss>(batch, DecoderTrainingOptions{}));
  }
  std::vector<float> x = initial_parameters();
  std::vector<float> gradient(x.size());
  std::vector<double> first(x.size(), 0.0);
  std::vector<double> second(x.size(), 0.0);
  double decay1 = 1;
  double decay2 = 1;
  const auto start = Clock::now();
  for (int pass = 1; pass <= passes; ++pass) {
    for (const std::uint32_t batch :
         permutation(static_cast<std::uint32_t>(losses.size()), static_cast<std::uint64_t>(pass))) {
      losses[batch]->evaluate(x, gradient);
      decay1 *= 0.9;
      decay2 *= 0.999;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double g = static_cast<double>(gradient[i]);
        first[i] = 0.9 * first[i] + 0.1 * g;
        second[i] = 0.999 * second[i] + 0.001 * g * g;
        x[i] -= static_cast<float>(rate * first[i] / (1 - decay1) /
                                   (std::sqrt(second[i] / (1 - decay2)) + 1e-8));
      }
    }
    if (is_reported(pass, passes)) {
      print(fmt::format("Adam {}", rate), pass, loss.evaluate(x, gradient).total(), start);
    }
  }
}

void run(const std::string& photos, std::size_t count, int passes) {
  quality::TrainingPatches drawn = quality::draw_training_patches(
      *open_source(photos, SourceKind::kFolder), count, DecoderTrainingOptions{}.max_side, 0);
  quality::Patches& patches = drawn.patches;
  quality::whiten_together(patches);
  fmt::print("{} patches, commit {}\n", patches.count, GRADSPACE_COMMIT);
  quality::DecoderLoss loss(patches, {});
  run_lbfgs(loss, passes);

  const std::vector<std::uint32_t> order =
      permutation(static_cast<std::uint32_t>(patches.count), 1);
  std::vector<quality::Patches> batches;
  for (std::size_t begin = 0; begin + kBatch <= patches.count; begin += kBatch) {
    quality::Patches& batch = batches.emplace_back();
    batch.count = kBatch;
    for (std::size_t i = begin; i < begin + kBatch; ++i) {
      const auto patch = patches.patch(order[i]);
      batch.values.insert(batch.values.end(), patch.begin(), patch.end());
    }
  }
  for (const double rate : {3e-3, 1e-2, 3e-2}) {
    run_adam(loss, batches, rate, passes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: {} PHOTOS PATCHES PASSES\n", argv[0]);
    return 2;
  }
  try {
    run(argv[1], std::strtoul(argv[2], nullptr, 10), std::atoi(argv[3]));
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
