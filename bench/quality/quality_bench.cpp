// Quality scores of a 512x384 pair, decoded, and where their time goes; one of 3840x2160 on one thread and on two.
//
//   build/release/bin/gradspace_quality_bench --benchmark_repetitions=5
//
// The original MATLAB code takes 346 ms (gradient) and 237 ms (activation) for such a pair under
// Octave 7.3 on one core (docs/quality.md). With $GRADSPACE_TEST_DATA pair and weights are that
// code's own, else synthetic ones; the time hardly depends on them.
#include <benchmark/benchmark.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/allocation.h"
#include "core/arena.h"
#include "core/random.h"
#include "gradspace/quality.h"
#include "quality/prepared_image.h"
#include "quality/reference_filters.h"
#include "run_benchmarks.h"
#include "statistics/keys.h"
#include "statistics/ranks.h"

namespace gradspace {
namespace {

constexpr int kWidth = 512;
constexpr int kHeight = 384;

/// Waves with noise: smooth and rough, as photographs are.
Image picture(int width, int height, double noise) {
  Random random(1);
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    const auto row = image.row(y);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const double x = static_cast<double>(i) / 3;
      const double wave = std::sin(x / 31) + std::sin(y / 17.0 + x / 11) + std::sin(x * y / 9000);
      const double value = 128 + 30 * wave + noise * random.normal();
      row[i] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
    }
  }
  return image;
}

/// A file of the original code's demo, or an empty path.
std::filesystem::path demo_file(const char* name) {
  const char* data = std::getenv("GRADSPACE_TEST_DATA");
  const auto path = std::filesystem::path(data == nullptr ? "" : data) / "data" / "iqa" / name;
  return std::filesystem::exists(path) ? path : "";
}

struct Pair {
  Image reference = picture(kWidth, kHeight, 4);
  Image distorted = picture(kWidth, kHeight, 12);
};

const Pair& pair() {
  static const Pair images = [] {
    Pair result;
    if (!demo_file("demo_reference.bmp").empty()) {
      result.reference = read_image(demo_file("demo_reference.bmp"));
      result.distorted = read_image(demo_file("demo_distorted.bmp"));
    }
    return result;
  }();
  return images;
}

/// Random weights of the size that trained ones have.
LinearDecoder random_decoder() {
  Random random(2);
  LinearDecoder decoder;
  for (Tensor* tensor : {&decoder.w1, &decoder.b1, &decoder.w2, &decoder.b2}) {
    for (std::size_t i = 0; i < element_count(tensor->shape); ++i) {
      tensor->values.push_back(static_cast<float>(0.15 * random.normal()));
    }
  }
  for (float& bias : decoder.b1.values) {
    bias -= 3;
  }
  return decoder;
}

const LinearDecoder& decoder() {
  static const LinearDecoder weights = [] {
    const auto published = demo_file("ImageNet_Weights_YGCr.mat");
    return published.empty() ? random_decoder() : load_decoder(published);
  }();
  return weights;
}

std::shared_ptr<const QualityImage> reference_image() {
  return std::make_shared<QualityImage>(pair().reference);
}

// Whole scores.

/// Metric and reference anew for each pair, the metric's own tables apart.
void pair_score(benchmark::State& state, const char* name) {
  const auto metric = make_quality_metric(name, decoder());
  for (auto _ : state) {
    const QualityImage distorted(pair().distorted);
    benchmark::DoNotOptimize(metric->prepare(reference_image())->score(distorted));
  }
}

/// A second distorted image against the same reference.
void next_score(benchmark::State& state, const char* name) {
  const auto reference = make_quality_metric(name, decoder())->prepare(reference_image());
  for (auto _ : state) {
    benchmark::DoNotOptimize(reference->score(QualityImage(pair().distorted)));
  }
}

/// The same where the distorted image is darker, so that accord gives the reference another level first.
void darker_score(benchmark::State& state) {
  const auto reference = make_quality_metric("accord", decoder())->prepare(reference_image());
  Image darker = pair().distorted;
  for (std::uint8_t& sample : darker.pixels()) {
    sample = static_cast<std::uint8_t>(sample * 7 / 8);
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(reference->score(QualityImage(darker)));
  }
}
BENCHMARK(darker_score)->Name("darker_score/accord")->Unit(benchmark::kMillisecond);

/// All metrics of a family, which share what they can.
void family_score(benchmark::State& state, const std::string& family) {
  std::vector<std::unique_ptr<QualityMetric>> metrics;
  for (const std::string& name : quality_metric_names(std::array{family})) {
    metrics.push_back(make_quality_metric(name, decoder()));
  }
  for (auto _ : state) {
    const auto reference = reference_image();
    const QualityImage distorted(pair().distorted);
    for (const auto& metric : metrics) {
      benchmark::DoNotOptimize(metric->prepare(reference)->score(distorted));
    }
  }
}

void register_scores() {
  for (const QualityMetricInfo& info : all_quality_metrics()) {
    for (const auto& [kind, run] :
         {std::pair("pair_score/", &pair_score), {"next_score/", &next_score}}) {
      benchmark::RegisterBenchmark((kind + std::string(info.name)).c_str(), run, info.name.data())
          ->Unit(benchmark::kMillisecond);
    }
  }
  for (const QualityFamily& family : quality_families()) {
    const std::string name(family.name);
    benchmark::RegisterBenchmark(("family_score/" + name).c_str(), family_score, name)
        ->Unit(benchmark::kMillisecond);
  }
}

/// On as many threads as the argument says.
void uhd_score(benchmark::State& state, const char* name) {
  const auto metric = make_quality_metric(name, decoder());
  const Image reference = picture(3840, 2160, 4);
  const Image distorted = picture(3840, 2160, 12);
  for (auto _ : state) {
    state.PauseTiming();  // while the pair is copied, and while it is let go of
    auto kept = std::make_shared<const QualityImage>(reference);
    std::optional<QualityImage> other(distorted);
    state.ResumeTiming();
    benchmark::DoNotOptimize(in_arena(static_cast<int>(state.range(0)),
                                      [&] { return metric->prepare(kept)->score(*other); }));
    state.PauseTiming();
    kept.reset();
    other.reset();
    state.ResumeTiming();
  }
}
BENCHMARK_CAPTURE(uhd_score, gradient_3840x2160, "gradient")
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Iterations(3);

// Where the time goes.

void decode(benchmark::State& state) {
  const std::vector<std::uint8_t> file = encode_image(pair().reference, ImageFormat::kPng);
  for (auto _ : state) {
    benchmark::DoNotOptimize(decode_image(file, "bench"));
  }
}
BENCHMARK(decode)->Name("part/decode_png")->Unit(benchmark::kMillisecond);

void cut(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(quality::image_patches(pair().reference));
  }
}
BENCHMARK(cut)->Name("part/halve_and_cut")->Unit(benchmark::kMillisecond);

void find_covariance(benchmark::State& state) {
  quality::Patches patches = quality::image_patches(pair().reference);
  for (auto _ : state) {
    quality::subtract_mean(patches);
    benchmark::DoNotOptimize(quality::covariance(patches));
  }
}
BENCHMARK(find_covariance)->Name("part/mean_and_covariance")->Unit(benchmark::kMillisecond);

void find_whitening(benchmark::State& state) {
  quality::Patches patches = quality::image_patches(pair().reference);
  quality::subtract_mean(patches);
  const std::vector<double> covariance = quality::covariance(patches);
  for (auto _ : state) {
    benchmark::DoNotOptimize(quality::whitening_matrix(covariance));
  }
}
BENCHMARK(find_whitening)->Name("part/inverse_square_root")->Unit(benchmark::kMillisecond);

void find_whitening_precisely(benchmark::State& state) {
  const auto reference = reference_image();
  const std::vector<double>& covariance = quality::prepared_of(*reference).covariance;
  for (auto _ : state) {
    benchmark::DoNotOptimize(quality::precise_whitening_matrix(covariance));
  }
}
BENCHMARK(find_whitening_precisely)
    ->Name("part/inverse_square_root_float64")
    ->Unit(benchmark::kMillisecond);

void find_filters(benchmark::State& state) {
  const quality::PackedDecoder packed(decoder());
  const auto reference = reference_image();
  quality::prepared_of(*reference);
  for (auto _ : state) {
    benchmark::DoNotOptimize(quality::reference_filters(packed, *reference));
  }
}
BENCHMARK(find_filters)->Name("part/weight_gradient")->Unit(benchmark::kMillisecond);

void respond(benchmark::State& state) {
  const quality::PackedDecoder packed(decoder());
  const auto reference = reference_image();
  const quality::ReferenceFilters filters = quality::reference_filters(packed, *reference);
  for (auto _ : state) {
    benchmark::DoNotOptimize(quality::filter_responses(
        filters, quality::prepared_of(*reference).patches, filters.whitening));
  }
}
BENCHMARK(respond)->Name("part/responses_and_logarithms")->Unit(benchmark::kMillisecond);

void take_logarithms(benchmark::State& state) {
  constexpr std::size_t kRows = 768;
  constexpr std::size_t kColumns = LinearDecoder::kHidden;
  Random random(6);
  std::vector<float> y(kRows * kColumns);
  for (float& value : y) {
    value = static_cast<float>(0.1 * random.normal());
  }
  const std::vector<float> weights(kColumns, 1);
  std::vector<std::uint32_t> keys(2 * y.size());
  for (auto _ : state) {
    quality::gradient_keys(kRows, kColumns, y.data(), weights.data(), keys.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(take_logarithms)->Name("part/logarithms")->Unit(benchmark::kMillisecond);

/// Ranks of one image, and the correlation with those of another.
void correlate(benchmark::State& state) {
  const quality::PackedDecoder packed(decoder());
  const auto reference = reference_image();
  const QualityImage distorted(pair().distorted);
  const quality::ReferenceFilters filters = quality::reference_filters(packed, *reference);
  const quality::Ranking ranking(quality::filter_responses(
      filters, quality::prepared_of(*reference).patches, filters.whitening));
  const quality::FeatureKeys keys = quality::filter_responses(
      filters, quality::prepared_of(distorted).patches, quality::whitening_of(distorted));
  for (auto _ : state) {
    benchmark::DoNotOptimize(ranking.correlation(keys));
  }
}
BENCHMARK(correlate)->Name("part/ranks_and_correlation")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gradspace

int main(int argc, char** argv) {
  benchmark::AddCustomContext("threads", "1");
  gradspace::cli::keep_freed_memory();  // as the command does
  gradspace::register_scores();
  tbb::task_arena two(2);  // as long as it is there, later ones may have a second thread
  two.initialize();
  return gradspace::in_arena(1, [&] { return gradspace::run_benchmarks(argc, argv); });
}
