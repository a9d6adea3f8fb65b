// The engine beside other libraries on the eleven layers of the default autoencoder, in one thread: the forward pass
// of a batch of images, a layer at a time, and the gradient of a layer's weight of every image by itself.
//
//   gradspace_rivals_bench [--set=sse4|avx2|avx512] [options of Google Benchmark]
//
// Everybody gets what favours him: weights packed and inputs laid out beforehand, 16 images, which stay in the second
// cache, as well as 256, and no copies between layers whose layouts differ. "peak" is the share of the core's
// multiply-adds a second, counted on taps inside the image; "all" runs the eleven layers in turn. All results are first
// compared with the engine's.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string_view>

#include "gradient/peak.h"
#include "rival.h"
#include "run_benchmarks.h"

namespace gradspace::rivals {

std::vector<Rival> rivals(InstructionSet set) {
  use_in_gradspace(set);
  use_in_onednn(set);
  use_in_libxsmm(set);
  std::vector<Rival> result{{"gradspace", true, make_gradspace_layer},
                            {"onednn", true, make_onednn_layer},
                            {"libxsmm", true, make_libxsmm_layer}};
  if (set == available_instruction_sets().front()) {  // XNNPACK always takes the best one
    result.push_back({"xnnpack", false, make_xnnpack_layer});
  }
  return result;
}

namespace {

/// Sums of up to some hundred products of numbers around 1, in whatever order.
constexpr double kLargestDifference = 1e-5;

/// The largest difference, as a share of the largest number.
double difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) {
    throw std::logic_error("results of different sizes");
  }
  double most = 0;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double apart = std::abs(static_cast<double>(a[i]) - b[i]);
    most = std::isfinite(apart) ? std::max(most, apart) : INFINITY;
    largest = std::max(largest, std::abs(static_cast<double>(b[i])));
  }
  return most / largest;
}

/// The largest difference of a rival from the engine. Throws when it is another function.
double difference_from(const Rival& rival, const Rival& engine,
                       const std::vector<LayerCase>& cases) {
  double largest = 0;
  for (const LayerCase& layer : cases) {
    const auto theirs = rival.make(layer);
    const auto ours = engine.make(layer);
    theirs->forward();
    ours->forward();
    double most = difference(theirs->output(), ours->output());
    if (rival.weight_gradients) {
      theirs->weight_gradients();
      ours->weight_gradients();
      most = std::max(most, difference(theirs->gradients(), ours->gradients()));
    }
    if (!(most <= kLargestDifference)) {
      throw std::runtime_error(
          fmt::format("{} differs from the engine in {} by {}", rival.name, layer.info.name, most));
    }
    largest = std::max(largest, most);
  }
  return largest;
}

/// The layers [begin, end), forward or weight gradients.
struct Task {
  std::string name;
  bool weights = false;
  std::size_t begin = 0;
  std::size_t end = 0;
};

void measure(benchmark::State& state, const Rival& rival, const std::vector<LayerCase>& cases,
             const Task& task, double peak_rate) {
  std::vector<std::unique_ptr<RivalLayer>> layers;
  double work = 0;
  for (std::size_t i = task.begin; i < task.end; ++i) {
    layers.push_back(rival.make(cases[i]));
    work += static_cast<double>(task.weights ? cases[i].weight_work : cases[i].forward_work);
  }
  for (auto _ : state) {
    for (const auto& layer : layers) {
      task.weights ? layer->weight_gradients() : layer->forward();
    }
    benchmark::ClobberMemory();
  }
  const double images =
      static_cast<double>(state.iterations()) * static_cast<double>(cases[0].images);
  state.SetItemsProcessed(static_cast<std::int64_t>(images));
  state.counters["peak%"] =
      benchmark::Counter(100 * images * work / peak_rate, benchmark::Counter::kIsRate);
  if (layers.size() == 1) {
    state.SetLabel(task.weights ? layers[0]->weight_code() : layers[0]->forward_code());
  }
}

std::vector<Task> tasks(const std::vector<LayerCase>& cases) {
  std::vector<Task> result;
  for (const bool weights : {false, true}) {
    const std::string prefix = weights ? "weight/" : "forward/";
    result.push_back({prefix + "all", weights, 0, cases.size()});
    for (const LayerCase& layer : cases) {
      result.push_back({prefix + layer.info.name, weights, layer.index, layer.index + 1});
    }
  }
  return result;
}

/// `cases` must live as long as the benchmarks run.
void register_all(const std::vector<Rival>& all, const std::vector<LayerCase>& cases,
                  double peak_rate) {
  for (const Task& task : tasks(cases)) {
    for (const Rival& rival : all) {
      if (task.weights && !rival.weight_gradients) {
        continue;
      }
      const std::string name =
          fmt::format("{}/batch_{}/{}", task.name, cases[0].images, rival.name);
      benchmark::RegisterBenchmark(name.c_str(), [=, &cases](benchmark::State& state) {
        measure(state, rival, cases, task, peak_rate);
      })->Unit(benchmark::kMicrosecond);
    }
  }
}

/// Takes --set=NAME out of the arguments.
InstructionSet take_set(int& argc, char** argv) {
  constexpr std::string_view kOption = "--set=";
  InstructionSet chosen = available_instruction_sets().front();
  const auto is_option = [&](const char* argument) {
    return std::string_view(argument).starts_with(kOption);
  };
  char** const end = argv + argc;
  if (char** const option = std::find_if(argv + 1, end, is_option); option != end) {
    const std::string_view wanted = std::string_view(*option).substr(kOption.size());
    const std::vector<InstructionSet> sets = available_instruction_sets();
    const auto found =
        std::ranges::find_if(sets, [&](InstructionSet set) { return name(set) == wanted; });
    if (found == sets.end()) {
      throw std::invalid_argument(fmt::format("this processor has no {}", wanted));
    }
    chosen = *found;
    std::move(option + 1, end, option);
    --argc;
  }
  return chosen;
}

int run(int argc, char** argv) {
  omp_set_num_threads(1);  // oneDNN's threads
  const InstructionSet set = take_set(argc, argv);
  const std::vector<Rival> all = rivals(set);
  const double peak_rate = peak(set);
  benchmark::AddCustomContext(fmt::format("peak {}", name(set)),
                              fmt::format("{} G multiply-adds/s a core", peak_rate / 1e9));
  const std::array<std::vector<LayerCase>, 2> batches{layer_cases(16), layer_cases(256)};
  for (const Rival& rival : all) {
    double largest = 0;
    for (const std::vector<LayerCase>& cases : batches) {
      largest = std::max(largest, difference_from(rival, all.front(), cases));
    }
    benchmark::AddCustomContext(rival.name + ", largest difference",
                                fmt::format("{:.1e}", largest));
  }
  for (const std::vector<LayerCase>& cases : batches) {
    register_all(all, cases, peak_rate);
  }
  return run_benchmarks(argc, argv);
}

}  // namespace
}  // namespace gradspace::rivals

int main(int argc, char** argv) {
  try {
    return gradspace::rivals::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gradspace_rivals_bench: %s\n", error.what());
    return 1;
  }
}
