// What a call of the C interface costs beside the work that it asks for, on one thread:
//   engine   fitting the image to the model's input, and the native engine: losses, and what the detector's method
//            asks for
//   c++      Scorer::score: the same, and the detector
//   c        gradspace_score_images of one image
//   extract  gradspace_extract_images of one image, of the gradients that gradient-mahalanobis asks for
#include <benchmark/benchmark.h>
#include <gradspace.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "gradspace/detector.h"
#include "gradspace/gradient.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/one_class.h"
#include "gradspace/scorer.h"
#include "run_benchmarks.h"

namespace gradspace {
namespace {

void require_ok(gradspace_status status) {
  if (status != GRADSPACE_OK) {
    std::fprintf(stderr, "%s\n", gradspace_last_error());
    std::exit(1);
  }
}

Image noise(int width, int height, std::uint64_t seed) {
  Random random(seed);
  Image image(width, height, 3);
  std::ranges::generate(image.pixels(),
                        [&] { return static_cast<std::uint8_t>(random.below(256)); });
  return image;
}

gradspace_image c_view(const Image& image) {
  gradspace_image view = {};
  view.data = image.pixels().data();
  view.width = image.width();
  view.height = image.height();
  view.layout = GRADSPACE_RGB;
  return view;
}

/// A model of random weights as a file and in memory, and images to fit detectors to.
struct Things {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / "gradspace-capi-bench";
  Model model = initialise({}, 1);
  gradspace_model* c_model = nullptr;
  std::vector<Image> clean;

  Things() {
    std::filesystem::create_directories(folder);
    write_model(folder / "model.safetensors", model);
    model = read_model(folder / "model.safetensors");
    require_ok(gradspace_model_open((folder / "model.safetensors").c_str(), &c_model));
    for (std::uint64_t i = 0; i < 500; ++i) {
      clean.push_back(noise(28, 28, i));
    }
  }
  ~Things() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
};

const Things& things() {
  static const Things made;
  return made;
}

/// A detector of a method, for C and for C++.
struct FittedDetector {
  gradspace_detector* for_c = nullptr;
  Detector for_cpp;

  explicit FittedDetector(const char* method) {
    std::vector<gradspace_image> views(things().clean.size());
    std::ranges::transform(things().clean, views.begin(), c_view);
    gradspace_fit_options options = {};
    options.size = sizeof options;
    options.method = method;
    require_ok(
        gradspace_fit_one_class(things().c_model, views.data(), views.size(), &options, &for_c));
    const std::string file = things().folder / "detector.safetensors";
    require_ok(gradspace_detector_write(for_c, file.c_str()));
    for_cpp = read_detector(file);
  }
};

/// The sides of a benchmark's image.
Image image_of_bench(const benchmark::State& state) {
  return noise(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), 7);
}

void engine(benchmark::State& state, const char* method) {
  const Model& model = things().model;
  const Image image = image_of_bench(state);
  const FittedDetector detector(method);
  const ObservationNeeds needs = load_score_function(detector.for_cpp, model.spec)->needs();
  const std::unique_ptr<GradientBackend> backend = make_native_backend(model, needs.blocks);
  std::vector<float> features(needs.gradients ? dimension(needs.blocks) : 0);
  std::vector<float> norms(needs.norms ? needs.blocks.size() : 0);
  float bce = 0;
  float kld = 0;
  GradientOutputs outputs;
  outputs.features = features;
  outputs.block_norms = norms;
  outputs.bce = {&bce, 1};
  outputs.kld = {&kld, 1};
  FixedSizeReader reader(28, 28, 3);
  std::vector<std::uint8_t> pixels(reader.size());
  for (auto _ : state) {
    reader.fit(image, pixels);
    backend->run(ImageBatch::of_u8(pixels, 1), outputs);
    benchmark::DoNotOptimize(bce);
  }
}

void cpp(benchmark::State& state, const char* method) {
  const Image image = image_of_bench(state);
  Scorer scorer(things().model, FittedDetector(method).for_cpp);
  for (auto _ : state) {
    benchmark::DoNotOptimize(scorer.score(image));
  }
}

void c(benchmark::State& state, const char* method) {
  const Image image = image_of_bench(state);
  const gradspace_image view = c_view(image);
  gradspace_scorer* scorer = nullptr;
  require_ok(gradspace_scorer_new(things().c_model, FittedDetector(method).for_c, 1, &scorer));
  gradspace_score score;
  for (auto _ : state) {
    require_ok(gradspace_score_images(scorer, &view, 1, &score));
    benchmark::DoNotOptimize(score.score);
  }
  require_ok(gradspace_close(scorer));
}

void extract(benchmark::State& state) {
  const Image image = image_of_bench(state);
  const gradspace_image view = c_view(image);
  gradspace_extractor* extractor = nullptr;
  require_ok(gradspace_extractor_new(things().c_model, nullptr, 1, &extractor));
  std::size_t columns = 0;
  require_ok(gradspace_extractor_dimension(extractor, &columns));
  std::vector<float> features(columns);
  float bce = 0;
  float kld = 0;
  gradspace_gradients gradients = {};
  gradients.size = sizeof gradients;
  gradients.features = features.data();
  gradients.capacity = columns;
  gradients.bce = &bce;
  gradients.kld = &kld;
  for (auto _ : state) {
    require_ok(gradspace_extract_images(extractor, &view, 1, &gradients));
    benchmark::DoNotOptimize(features.data());
  }
  require_ok(gradspace_close(extractor));
}

BENCHMARK(extract)->Args({28, 28})->Args({640, 480});

/// The three ways of every method, side by side.
void register_methods() {
  for (const char* method :
       {"gradient-norm-density", "gradient-mahalanobis", "gradient-neighbour"}) {
    using Run = void(benchmark::State&, const char*);
    const std::array<std::pair<const char*, Run*>, 3> ways = {
        {{"engine", engine}, {"c++", cpp}, {"c", c}}};
    for (const auto& [name, run] : ways) {
      const std::string title = std::string(method) + "/" + name;
      benchmark::RegisterBenchmark(title.c_str(), run, method)->Args({28, 28})->Args({640, 480});
    }
  }
}

}  // namespace
}  // namespace gradspace

int main(int argc, char** argv) {
  gradspace::register_methods();
  return gradspace::run_benchmarks(argc, argv);
}
