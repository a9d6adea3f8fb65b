// How often a call on a ready scorer asks for memory.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "capi/c_objects.h"
#include "detect/perceptron.h"
#include "gradspace/detector.h"
#include "gradspace/gradient.h"
#include "sanitizers.h"

#if defined(__GLIBC__) && !GRADSPACE_TEST_SANITIZED
#define GRADSPACE_COUNTS_ALLOCATIONS 1
#else
#define GRADSPACE_COUNTS_ALLOCATIONS 0
#endif

namespace {

std::atomic<std::size_t> allocations = 0;

}  // namespace

#if GRADSPACE_COUNTS_ALLOCATIONS
// All ways to memory in the standard library lead here, as the program shows them.
#pragma GCC visibility push(default)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  ++allocations;
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}
#pragma GCC visibility pop
#endif

namespace gradspace {
namespace {

using testing::c_image;
using testing::c_images;
using testing::expect_ok;
using testing::noise_image;

class CAllocations : public testing::CObjects {
 protected:
  /// The paper's classifier, untrained.
  gradspace_detector* classifier() {
    const Model held = read_model(folder / "model.safetensors");
    Detector detector;
    detector.columns = parse_features(proposed_features(held.spec), held.spec);
    detector.weights = Perceptron(dimension(detector.columns), 1).tensors();
    detector.model_sha256 = fingerprint(held);
    const std::string path = folder / "classifier.safetensors";
    write_detector(path, detector);
    gradspace_detector* opened = nullptr;
    expect_ok(gradspace_detector_open(path.c_str(), &opened));
    return keep(opened);
  }

  void SetUp() override {
    if (GRADSPACE_COUNTS_ALLOCATIONS == 0) {
      GTEST_SKIP() << "the C library or a sanitizer does not let allocations be counted";
    }
  }

  /// Of the second of two equal calls.
  template <typename Call>
  static std::size_t of_a_ready(const Call& call) {
    call();
    const std::size_t before = allocations;
    call();
    return allocations - before;
  }
};

TEST_F(CAllocations, AreCounted) {
  const std::size_t before = allocations;
  // Which the compiler can't leave out, as it could the memory of a new expression.
  ::operator delete(::operator new(100));
  EXPECT_EQ(allocations, before + 1);
}

TEST_F(CAllocations, NoneByScoringAFrame) {
  const Image frame = noise_image(640, 480, 3, 5);
  const Image fitting = noise_image(28, 28, 3, 6);
  for (const gradspace_detector* detector : {fit("gradient-mahalanobis"), fit("gradient-neighbour"),
                                             fit("gradient-norm-density"), classifier()}) {
    gradspace_scorer* const scorer = make_scorer(detector);
    for (const Image* image : {&frame, &fitting}) {
      const gradspace_image view = c_image(*image);
      gradspace_score score;
      EXPECT_EQ(of_a_ready([&] { expect_ok(gradspace_score_images(scorer, &view, 1, &score)); }),
                0U);
    }
  }
}

TEST_F(CAllocations, NoneByExtractingGradients) {
  gradspace_extractor* extractor = nullptr;
  expect_ok(gradspace_extractor_new(model, nullptr, 1, &extractor));
  keep(extractor);
  std::size_t dimension = 0;
  expect_ok(gradspace_extractor_dimension(extractor, &dimension));
  const std::vector<Image> frames{noise_image(640, 480, 3, 5), noise_image(28, 28, 3, 6),
                                  noise_image(31, 30, 1, 7)};
  const std::vector<gradspace_image> images = c_images(frames);
  std::vector<float> features(images.size() * dimension);
  gradspace_gradients gradients = {};
  gradients.size = sizeof gradients;
  gradients.features = features.data();
  gradients.capacity = features.size();
  EXPECT_EQ(
      of_a_ready([&] {
        expect_ok(gradspace_extract_images(extractor, images.data(), images.size(), &gradients));
      }),
      0U);
}

}  // namespace
}  // namespace gradspace
