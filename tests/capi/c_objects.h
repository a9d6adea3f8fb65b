// A model, a detector and images, as a C program has them.
#pragma once

#include <gradspace.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "support/test_files.h"

namespace gradspace::testing {

/// Expects success; the library's line says why not.
inline void expect_ok(gradspace_status status) {
  EXPECT_EQ(status, GRADSPACE_OK) << gradspace_last_error();
}

inline Image noise_image(int width, int height, int channels, std::uint64_t seed) {
  Random random(seed);
  Image image(width, height, channels);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(random.below(256));
  }
  return image;
}

/// An image as C sees it.
inline gradspace_image c_image(const Image& image) {
  gradspace_image result = {};
  result.data = image.pixels().data();
  result.width = image.width();
  result.height = image.height();
  result.layout = image.channels() == 1 ? GRADSPACE_GREY : GRADSPACE_RGB;
  return result;
}

inline std::vector<gradspace_image> c_images(const std::vector<Image>& images) {
  std::vector<gradspace_image> result;
  std::ranges::transform(images, std::back_inserter(result), c_image);
  return result;
}

/// A model, and handles that are closed in the end.
class CObjects : public ::testing::Test {
 protected:
  CObjects() {
    write_model(folder / "model.safetensors", initialise({}, 1));
    expect_ok(gradspace_model_open((folder / "model.safetensors").c_str(), &model));
    for (std::uint64_t i = 0; i < 60; ++i) {
      clean.push_back(noise_image(30, 28, 3, i));
    }
  }
  ~CObjects() override {
    for (const void* handle : handles) {
      expect_ok(gradspace_close(handle));
    }
    expect_ok(gradspace_close(model));
  }

  /// A detector of the method, fitted to the clean images.
  gradspace_detector* fit(const char* method = "gradient-neighbour") {
    gradspace_fit_options options = {};
    options.size = sizeof options;
    options.method = method;
    options.false_alarms = 0.1;
    options.threads = 1;
    gradspace_detector* detector = nullptr;
    const std::vector<gradspace_image> images = c_images(clean);
    expect_ok(gradspace_fit_one_class(model, images.data(), images.size(), &options, &detector));
    return keep(detector);
  }

  gradspace_scorer* make_scorer(const gradspace_detector* detector, int threads = 1) {
    gradspace_scorer* scorer = nullptr;
    expect_ok(gradspace_scorer_new(model, detector, threads, &scorer));
    return keep(scorer);
  }

  template <typename Handle>
  Handle* keep(Handle* handle) {
    handles.push_back(handle);
    return handle;
  }

  TemporaryFolder folder;
  gradspace_model* model = nullptr;
  std::vector<Image> clean;
  std::vector<const void*> handles;
};

}  // namespace gradspace::testing
