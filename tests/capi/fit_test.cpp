#include "gradspace/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capi/c_objects.h"
#include "gradspace/detector.h"

namespace gradspace {
namespace {

using testing::c_images;
using testing::expect_ok;
using ::testing::HasSubstr;

class CFit : public testing::CObjects {
 protected:
  CFit() {
    options_.size = sizeof options_;
    options_.method = "gradient-norm-density";
    options_.false_alarms = 0.1;
    options_.threads = 1;
  }

  Detector written(const gradspace_detector* detector) {
    const std::string path = folder / "detector.safetensors";
    expect_ok(gradspace_detector_write(detector, path.c_str()));
    return read_detector(path);
  }

  gradspace_status fit_images(gradspace_detector** detector, const gradspace_model* of) {
    const std::vector<gradspace_image> images = c_images(clean);
    return gradspace_fit_one_class(of, images.data(), images.size(), &options_, detector);
  }

  gradspace_fit_options options_ = {};
};

TEST_F(CFit, OfImagesIsThatOfTheSameFiles) {
  std::filesystem::create_directory(folder / "clean");
  for (std::size_t i = 0; i < clean.size(); ++i) {
    write_image(folder / ("clean/" + std::to_string(100 + i) + ".png"), clean[i]);
  }
  gradspace_detector* of_images = nullptr;
  gradspace_detector* of_path = nullptr;
  expect_ok(fit_images(&of_images, model));
  expect_ok(gradspace_fit_one_class_path(model, (folder / "clean").c_str(), &options_, &of_path));
  keep(of_images);
  keep(of_path);
  const Detector a = written(of_images);
  const Detector b = written(of_path);
  EXPECT_EQ(a.threshold, b.threshold);
  EXPECT_EQ(a.weights, b.weights);

  OneClassOptions options;
  options.method = "gradient-norm-density";
  options.false_alarms = 0.1;
  const std::unique_ptr<Source> source = open_source(folder / "clean");
  const Detector wanted =
      fit_to_images(read_model(folder / "model.safetensors"), {*source}, options);
  EXPECT_EQ(a.threshold, wanted.threshold);
  EXPECT_EQ(a.weights, wanted.weights);
}

TEST_F(CFit, NeedsNoModelForSomeMethods) {
  options_.method = "image-statistics";
  options_.width = 24;
  options_.height = 20;
  options_.channels = 3;
  gradspace_detector* detector = nullptr;
  expect_ok(fit_images(&detector, nullptr));
  keep(detector);
  gradspace_detector_info info = {};
  info.size = sizeof info;
  expect_ok(gradspace_detector_describe(detector, &info));
  EXPECT_EQ(info.needs_model, 0);
  gradspace_scorer* scorer = nullptr;
  expect_ok(gradspace_scorer_new(nullptr, detector, 1, &scorer));
  keep(scorer);
  gradspace_detector* other = nullptr;
  EXPECT_EQ(fit_images(&other, model), GRADSPACE_INVALID_ARGUMENT);  // whose input says the size
  options_.channels = 2;
  EXPECT_EQ(fit_images(&other, nullptr), GRADSPACE_INVALID_ARGUMENT);
  options_.channels = 3;
  options_.width = 1 << 30;
  EXPECT_EQ(fit_images(&other, nullptr), GRADSPACE_INVALID_ARGUMENT);
  options_.method = "gradient-neighbour";
  EXPECT_EQ(fit_images(&other, nullptr), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(other, nullptr);
}

TEST_F(CFit, TellsOfProgressAndStops) {
  struct Watch {
    std::uint64_t calls = 0;
    std::uint64_t last = 0;
    std::uint64_t stop_at = 1000;
  } watch;
  options_.user = &watch;
  options_.progress = [](void* user, std::uint64_t done, std::uint64_t) {
    auto& told = *static_cast<Watch*>(user);
    ++told.calls;
    told.last = done;
    return told.calls >= told.stop_at ? 1 : 0;
  };
  gradspace_detector* detector = nullptr;
  expect_ok(fit_images(&detector, model));
  keep(detector);
  EXPECT_GT(watch.calls, 0U);
  watch.calls = 0;
  watch.stop_at = 1;
  gradspace_detector* stopped = nullptr;
  EXPECT_EQ(fit_images(&stopped, model), GRADSPACE_STOPPED);
  EXPECT_EQ(stopped, nullptr);
}

TEST_F(CFit, SaysWhichImageIsNotValid) {
  std::vector<gradspace_image> images = c_images(clean);
  images[7].layout = 9;
  gradspace_detector* detector = nullptr;
  EXPECT_EQ(gradspace_fit_one_class(model, images.data(), images.size(), &options_, &detector),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(), HasSubstr("image 7: the image's layout is 9"));
  EXPECT_EQ(gradspace_fit_one_class(model, images.data(), 0, &options_, &detector),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_fit_one_class(model, nullptr, 9, &options_, &detector),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_fit_one_class(model, images.data(), SIZE_MAX, &options_, &detector),
            GRADSPACE_INVALID_ARGUMENT);
}

TEST_F(CFit, RefusesOptionsThatAreWrong) {
  gradspace_detector* detector = nullptr;
  options_.method = "no-method";
  EXPECT_EQ(fit_images(&detector, model), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(), HasSubstr("no-method"));
  options_.method = "gradient-norm-density";
  options_.false_alarms = 1.5;
  EXPECT_EQ(fit_images(&detector, model), GRADSPACE_INVALID_ARGUMENT);
  options_.false_alarms = 0.0001;
  EXPECT_EQ(fit_images(&detector, model), GRADSPACE_INVALID_ARGUMENT);
  options_.false_alarms = 0.1;
  options_.distortions = "noise";
  EXPECT_EQ(fit_images(&detector, model), GRADSPACE_INVALID_ARGUMENT);
  options_.distortions = nullptr;
  options_.threads = -1;
  EXPECT_EQ(fit_images(&detector, model), GRADSPACE_INVALID_ARGUMENT);
  options_.threads = 1;
  struct Later {
    gradspace_fit_options known;
    std::int64_t of_a_later_version;
  } later = {options_, 0};
  later.known.size = sizeof later;
  const std::vector<gradspace_image> images = c_images(clean);
  later.of_a_later_version = 1;
  EXPECT_EQ(gradspace_fit_one_class(model, images.data(), images.size(), &later.known, &detector),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(), HasSubstr("does not know"));
  later.of_a_later_version = 0;
  gradspace_detector* fitted = nullptr;
  expect_ok(gradspace_fit_one_class(model, images.data(), images.size(), &later.known, &fitted));
  keep(fitted);
  options_.size = 0;
  EXPECT_EQ(fit_images(&detector, model), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_fit_one_class_path(model, (folder / "none").c_str(), nullptr, &detector),
            GRADSPACE_IO_ERROR);
  EXPECT_EQ(detector, nullptr);
}

}  // namespace
}  // namespace gradspace
