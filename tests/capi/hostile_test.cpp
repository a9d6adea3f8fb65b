// What a careless or hostile caller does: none of it may crash, and all of it is told apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>

#include "capi/c_objects.h"

namespace gradspace {
namespace {

using testing::c_image;
using testing::expect_ok;
using ::testing::HasSubstr;
using testing::noise_image;

/// Every function that takes a handle, called with this one and with arguments that are otherwise good.
class Calls {
 public:
  explicit Calls(const std::string& folder)
      : path_(folder + "/written"), pixels_(noise_image(30, 30, 3, 1)) {}

  std::map<std::string, gradspace_status> of(void* handle) {
    std::map<std::string, gradspace_status> said;
    gradspace_model_info model_info = {};
    model_info.size = sizeof model_info;
    gradspace_detector_info detector_info = {};
    detector_info.size = sizeof detector_info;
    gradspace_gradients gradients = {};
    gradients.size = sizeof gradients;
    const gradspace_image image = c_image(pixels_);
    gradspace_image view;
    gradspace_score score;
    gradspace_block block;
    double number = 0;
    std::size_t count = 0;
    const char* const path = path_.c_str();
    auto* const model = static_cast<gradspace_model*>(handle);
    auto* const detector = static_cast<gradspace_detector*>(handle);
    auto* const scorer = static_cast<gradspace_scorer*>(handle);
    auto* const extractor = static_cast<gradspace_extractor*>(handle);
    auto* const drift = static_cast<gradspace_drift*>(handle);
    said["model_describe"] = gradspace_model_describe(model, &model_info);
    said["detector_describe"] = gradspace_detector_describe(detector, &detector_info);
    said["detector_threshold"] = gradspace_detector_threshold(detector, 0.1, &number);
    said["detector_write"] = gradspace_detector_write(detector, path);
    said["picture_view"] = gradspace_picture_view(static_cast<gradspace_picture*>(handle), &view);
    said["score_images"] = gradspace_score_images(scorer, &image, 1, &score);
    said["score_paths"] = gradspace_score_paths(scorer, nullptr, 0, nullptr);
    said["extractor_dimension"] = gradspace_extractor_dimension(extractor, &count);
    said["extractor_blocks"] = gradspace_extractor_blocks(extractor, &block, 1, &count);
    said["extract_images"] = gradspace_extract_images(extractor, &image, 1, &gradients);
    said["extract_paths"] = gradspace_extract_paths(extractor, nullptr, 0, &gradients);
    said["drift_add"] = gradspace_drift_add(drift, &number, 1, nullptr, 0, &count);
    said["reference_score"] =
        gradspace_reference_score(static_cast<gradspace_reference*>(handle), &image, &number);
    said["scorer_new"] =
        make(gradspace_scorer_new, static_cast<gradspace_model*>(nullptr), detector, 1);
    said["extractor_new"] =
        make(gradspace_extractor_new, model, static_cast<const char*>(nullptr), 1);
    said["drift_new"] =
        make(gradspace_drift_new, detector, static_cast<const gradspace_drift_options*>(nullptr));
    said["reference_new"] =
        make(gradspace_reference_new, static_cast<gradspace_metric*>(handle), &image);
    return said;
  }

 private:
  template <typename Function, typename... Arguments>
  static gradspace_status make(Function* function, Arguments... arguments) {
    void* made = nullptr;
    const gradspace_status status =
        [&]<typename... Parameters>(gradspace_status (*call)(Parameters...)) {
          using Place = std::tuple_element_t<sizeof...(Parameters) - 1, std::tuple<Parameters...>>;
          return call(arguments..., reinterpret_cast<Place>(&made));
        }(function);
    EXPECT_EQ(gradspace_close(made), GRADSPACE_OK);
    return status;
  }

  std::string path_;
  Image pixels_;
};

class CHostile : public testing::CObjects {
 protected:
  CHostile() : calls_(folder.path().string()) {
    gradspace_metric* metric = nullptr;
    gradspace_reference* reference = nullptr;
    gradspace_extractor* extractor = nullptr;
    gradspace_drift* drift = nullptr;
    gradspace_detector* const detector = fit("reconstruction");
    expect_ok(gradspace_metric_new("psnr", nullptr, &metric));
    const gradspace_image image = c_image(clean[0]);
    expect_ok(gradspace_reference_new(metric, &image, &reference));
    expect_ok(gradspace_extractor_new(model, "mu", 1, &extractor));
    expect_ok(gradspace_drift_new(detector, nullptr, &drift));
    good_ = {{"detector", detector},         {"scorer", make_scorer(detector)},
             {"metric", keep(metric)},       {"reference", keep(reference)},
             {"extractor", keep(extractor)}, {"drift", keep(drift)}};
  }

  Calls calls_;
  std::map<std::string, void*> good_;  ///< handles by their kinds
};

TEST_F(CHostile, NullClosedAndInventedHandlesAreRefused) {
  gradspace_model* closed = nullptr;
  expect_ok(gradspace_model_open((folder / "model.safetensors").c_str(), &closed));
  expect_ok(gradspace_close(closed));
  std::vector<std::uint8_t> memory(4096, 0xAB);
  const auto number = [](std::uintptr_t value) { return reinterpret_cast<void*>(value); };
  for (void* const handle :
       {static_cast<void*>(nullptr), static_cast<void*>(closed), static_cast<void*>(memory.data()),
        number(1), number(0x1002), number(UINTPTR_MAX), number(0xDEADBEEF)}) {
    for (const auto& [function, status] : calls_.of(handle)) {
      EXPECT_EQ(status, GRADSPACE_INVALID_HANDLE) << function << " of " << handle;
    }
    EXPECT_EQ(gradspace_close(handle), handle == nullptr ? GRADSPACE_OK : GRADSPACE_INVALID_HANDLE);
  }
  EXPECT_EQ(gradspace_close(closed), GRADSPACE_INVALID_HANDLE);
  EXPECT_STREQ(gradspace_last_error(), "gradspace_close: the handle was closed already");
  EXPECT_EQ(gradspace_close(memory.data()), GRADSPACE_INVALID_HANDLE);
  EXPECT_STREQ(gradspace_last_error(), "gradspace_close: this is no handle");
}

TEST_F(CHostile, AHandleOfAnotherKindIsRefused) {
  const std::map<std::string, std::string> kinds = {
      {"detector", "^(detector_.*|scorer_new|drift_new)$"},
      {"scorer", "^score_"},
      {"metric", "^reference_new$"},
      {"reference", "^reference_score$"},
      {"extractor", "^(extract_.*|extractor_[db].*)$"},
      {"drift", "^drift_add$"}};
  for (const auto& [kind, handle] : good_) {
    for (const auto& [function, status] : calls_.of(handle)) {
      const bool is_its_own =
          ::testing::Matches(::testing::ContainsRegex(kinds.at(kind)))(function);
      EXPECT_EQ(status == GRADSPACE_INVALID_HANDLE, !is_its_own)
          << function << " of a " << kind << ": " << status;
    }
  }
  gradspace_model_info info = {};
  info.size = sizeof info;
  EXPECT_EQ(gradspace_model_describe(static_cast<gradspace_model*>(good_["scorer"]), &info),
            GRADSPACE_INVALID_HANDLE);
  EXPECT_STREQ(gradspace_last_error(),
               "gradspace_model_describe: the handle is of a scorer; wanted is one of a model");
}

TEST_F(CHostile, NullPointersAreRefused) {
  auto* const scorer = static_cast<gradspace_scorer*>(good_["scorer"]);
  auto* const extractor = static_cast<gradspace_extractor*>(good_["extractor"]);
  auto* const drift = static_cast<gradspace_drift*>(good_["drift"]);
  auto* const detector = static_cast<gradspace_detector*>(good_["detector"]);
  auto* const metric = static_cast<gradspace_metric*>(good_["metric"]);
  auto* const reference = static_cast<gradspace_reference*>(good_["reference"]);
  const gradspace_image image = c_image(clean[0]);
  gradspace_score score;
  gradspace_gradients gradients = {};
  gradients.size = sizeof gradients;
  double number = 0;
  std::uint8_t byte = 0;
  std::size_t count = 0;
  gradspace_model* opened = nullptr;
  gradspace_metric* made = nullptr;
  gradspace_reference* prepared = nullptr;
  gradspace_quality quality;
  const std::vector<gradspace_status> said = {
      gradspace_model_open(nullptr, &opened),
      gradspace_model_open("x", nullptr),
      gradspace_detector_open("x", nullptr),
      gradspace_decoder_open("x", nullptr),
      gradspace_picture_open("x", nullptr),
      gradspace_model_describe(model, nullptr),
      gradspace_detector_describe(detector, nullptr),
      gradspace_detector_threshold(detector, 0.1, nullptr),
      gradspace_detector_write(detector, nullptr),
      gradspace_scorer_new(model, detector, 1, nullptr),
      gradspace_score_images(scorer, nullptr, 1, &score),
      gradspace_score_images(scorer, &image, 1, nullptr),
      gradspace_score_paths(scorer, nullptr, 1, &score),
      gradspace_extractor_new(model, nullptr, 1, nullptr),
      gradspace_extractor_dimension(extractor, nullptr),
      gradspace_extractor_blocks(extractor, nullptr, 0, nullptr),
      gradspace_extract_images(extractor, nullptr, 1, &gradients),
      gradspace_extract_images(extractor, &image, 1, nullptr),
      gradspace_extract_paths(extractor, nullptr, 1, &gradients),
      gradspace_drift_new(detector, nullptr, nullptr),
      gradspace_drift_add(drift, nullptr, 1, nullptr, 0, &count),
      gradspace_drift_add(drift, &number, 1, nullptr, 1, &count),
      gradspace_drift_add(drift, &number, 1, nullptr, 0, nullptr),
      gradspace_metric_new(nullptr, nullptr, &made),
      gradspace_metric_new("psnr", nullptr, nullptr),
      gradspace_reference_new(metric, nullptr, &prepared),
      gradspace_reference_new(metric, &image, nullptr),
      gradspace_reference_score(reference, nullptr, &number),
      gradspace_reference_score(reference, &image, nullptr),
      gradspace_quality_equivalent(nullptr, 1, &quality),
      gradspace_quality_equivalent("ssim", 1, nullptr),
      gradspace_challenge(nullptr, "rain", 1, 1, 0, &byte, 1, 0),
      gradspace_challenge(&image, nullptr, 1, 1, 0, &byte, 1, 0),
      gradspace_challenge(&image, "rain", 1, 1, 0, nullptr, 1, 0),
      gradspace_fit_one_class(model, &image, 1, nullptr, nullptr),
      gradspace_fit_one_class_path(model, nullptr, nullptr, nullptr),
  };
  for (std::size_t i = 0; i < said.size(); ++i) {
    EXPECT_EQ(said[i], GRADSPACE_INVALID_ARGUMENT) << "call " << i;
  }
}

TEST_F(CHostile, NothingOfNothingIsNothing) {
  expect_ok(
      gradspace_score_images(static_cast<gradspace_scorer*>(good_["scorer"]), nullptr, 0, nullptr));
  gradspace_gradients gradients = {};
  gradients.size = sizeof gradients;
  expect_ok(gradspace_extract_images(static_cast<gradspace_extractor*>(good_["extractor"]), nullptr,
                                     0, &gradients));
  std::size_t filled = 1;
  expect_ok(gradspace_drift_add(static_cast<gradspace_drift*>(good_["drift"]), nullptr, 0, nullptr,
                                0, &filled));
  EXPECT_EQ(filled, 0U);
}

TEST_F(CHostile, ImagesOfImpossibleSizesAreRefusedUnseen) {
  // Their pixels are never looked at, nor is memory taken for them: the pointer leads to one byte.
  const std::uint8_t byte = 0;
  const auto refuse = [&](std::int32_t width, std::int32_t height, std::int64_t stride,
                          std::int32_t layout, std::int32_t reserved) {
    const gradspace_image image = {&byte, stride, width, height, layout, reserved};
    gradspace_score score;
    EXPECT_EQ(
        gradspace_score_images(static_cast<gradspace_scorer*>(good_["scorer"]), &image, 1, &score),
        GRADSPACE_INVALID_ARGUMENT);
    EXPECT_EQ(score.status, GRADSPACE_INVALID_ARGUMENT);
    gradspace_reference* reference = nullptr;
    EXPECT_EQ(gradspace_reference_new(static_cast<gradspace_metric*>(good_["metric"]), &image,
                                      &reference),
              GRADSPACE_INVALID_ARGUMENT);
    std::uint8_t out = 0;
    EXPECT_EQ(gradspace_challenge(&image, "rain", 1, 1, 0, &out, SIZE_MAX, 0),
              GRADSPACE_INVALID_ARGUMENT);
    EXPECT_THAT(gradspace_last_error(), HasSubstr("gradspace_challenge: "));
  };
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  refuse(0, 1, 0, GRADSPACE_GREY, 0);
  refuse(1, 0, 0, GRADSPACE_GREY, 0);
  refuse(-1, -1, 0, GRADSPACE_GREY, 0);
  refuse(kMost, kMost, 0, GRADSPACE_RGB, 0);
  refuse(kLeast, kLeast, 0, GRADSPACE_RGB, 0);
  refuse(1 << 15, (1 << 13) + 1, 0, GRADSPACE_RGB, 0);
  refuse(10, 10, 29, GRADSPACE_RGB, 0);
  refuse(10, 10, -29, GRADSPACE_RGB, 0);
  refuse(10, 10, INT64_MAX, GRADSPACE_RGB, 0);
  refuse(10, 10, INT64_MIN, GRADSPACE_RGB, 0);
  refuse(10, 10, 0, 0, 0);
  refuse(10, 10, 0, 4, 0);
  refuse(10, 10, 0, -1, 0);
  refuse(10, 10, 0, GRADSPACE_RGB, 1);
  gradspace_score score;
  EXPECT_EQ(gradspace_score_images(static_cast<gradspace_scorer*>(good_["scorer"]), nullptr,
                                   SIZE_MAX, &score),
            GRADSPACE_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace gradspace
