// How fast images come in: decoding and resizing in memory, and whole files from the page cache.
//
//   build/release/bin/gradspace_image_bench --benchmark_repetitions=5
//
// With $GRADSPACE_TEST_DATA the files are the 35x35 traffic signs of data/signs, else random ones of
// that size. One thread.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradspace/image.h"
#include "run_benchmarks.h"

namespace gradspace {
namespace {

constexpr int kSide = 28;
constexpr int kSignSide = 35;

Image random_image(int width, int height, int channels) {
  Image image(width, height, channels);
  Random random(1);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(random.below(256));
  }
  return image;
}

class SignFiles {
 public:
  SignFiles() {
    const char* data = std::getenv("GRADSPACE_TEST_DATA");
    if (data != nullptr) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(
               std::filesystem::path(data) / "data" / "signs")) {
        if (entry.path().extension() == ".bmp") {
          paths_.push_back(entry.path());
        }
      }
      return;
    }
    std::string name = (std::filesystem::temp_directory_path() / "gradspace-bench-XXXXXX").string();
    temporary_ = mkdtemp(name.data());
    constexpr int kFiles = 1000;
    for (int i = 0; i < kFiles; ++i) {
      paths_.push_back(temporary_ / (std::to_string(i) + ".bmp"));
      write_image(paths_.back(), random_image(kSignSide, kSignSide, 3));
    }
  }
  ~SignFiles() {
    if (!temporary_.empty()) {
      std::error_code ignored;
      std::filesystem::remove_all(temporary_, ignored);
    }
  }
  SignFiles(const SignFiles&) = delete;
  SignFiles& operator=(const SignFiles&) = delete;

  const std::vector<std::filesystem::path>& paths() const { return paths_; }

 private:
  std::filesystem::path temporary_;
  std::vector<std::filesystem::path> paths_;
};

const SignFiles& sign_files() {
  static const SignFiles files;
  return files;
}

/// Files to 28x28 RGB through the reader of pipelines.
void files_fixed_size(benchmark::State& state) {
  const auto& paths = sign_files().paths();
  FixedSizeReader reader(kSide, kSide, 3);
  std::vector<std::uint8_t> out(reader.size());
  std::size_t i = 0;
  for (auto _ : state) {
    reader.read(paths[i], out);
    benchmark::DoNotOptimize(out.data());
    i = i + 1 < paths.size() ? i + 1 : 0;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(files_fixed_size)->Name("files/fixed_size_reader");

/// The same one function after the other.
void files_step_by_step(benchmark::State& state) {
  const auto& paths = sign_files().paths();
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(resize_bilinear(to_rgb(read_image(paths[i])), kSide, kSide));
    i = i + 1 < paths.size() ? i + 1 : 0;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(files_step_by_step)->Name("files/read_image+to_rgb+resize_bilinear");

void decode(benchmark::State& state, ImageFormat format, int side) {
  const std::vector<std::uint8_t> file = encode_image(random_image(side, side, 3), format);
  for (auto _ : state) {
    benchmark::DoNotOptimize(decode_image(file, "bench"));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(decode, bmp_35, ImageFormat::kBmp, kSignSide);
BENCHMARK_CAPTURE(decode, ppm_35, ImageFormat::kPnm, kSignSide);
BENCHMARK_CAPTURE(decode, png_35, ImageFormat::kPng, kSignSide);
BENCHMARK_CAPTURE(decode, jpeg_35, ImageFormat::kJpeg, kSignSide);
BENCHMARK_CAPTURE(decode, bmp_1024, ImageFormat::kBmp, 1024);
BENCHMARK_CAPTURE(decode, png_1024, ImageFormat::kPng, 1024);
BENCHMARK_CAPTURE(decode, jpeg_1024, ImageFormat::kJpeg, 1024);

/// Memory to 28x28: the arithmetic of the files above without the system calls.
void decode_fixed_size(benchmark::State& state) {
  const std::vector<std::uint8_t> file =
      encode_image(random_image(kSignSide, kSignSide, 3), ImageFormat::kBmp);
  FixedSizeReader reader(kSide, kSide, 3);
  std::vector<std::uint8_t> out(reader.size());
  for (auto _ : state) {
    reader.decode(file, "bench", out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_fixed_size)->Name("decode+resize/bmp_35");

void resize(benchmark::State& state, int width, int height, int channels, int out_width,
            int out_height) {
  const Image image = random_image(width, height, channels);
  for (auto _ : state) {
    benchmark::DoNotOptimize(resize_bilinear(image, out_width, out_height));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(resize, rgb_35_to_28, kSignSide, kSignSide, 3, kSide, kSide);
BENCHMARK_CAPTURE(resize, grey_35_to_28, kSignSide, kSignSide, 1, kSide, kSide);
BENCHMARK_CAPTURE(resize, rgb_1920x1080_to_28, 1920, 1080, 3, kSide, kSide);
BENCHMARK_CAPTURE(resize, rgb_1920x1080_to_960x540, 1920, 1080, 3, 960, 540);

}  // namespace
}  // namespace gradspace

int main(int argc, char** argv) {
  benchmark::AddCustomContext("threads", "1");
  return gradspace::run_benchmarks(argc, argv);
}
