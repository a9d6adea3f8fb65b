#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "capi/c_objects.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

using ::testing::Contains;
using testing::expect_ok;
using ::testing::HasSubstr;

class CFiles : public testing::CObjects {};

TEST_F(CFiles, DescribeModelsAndDetectors) {
  gradspace_model_info info = {};
  info.size = sizeof info;
  expect_ok(gradspace_model_describe(model, &info));
  EXPECT_EQ(info.width, 28);
  EXPECT_EQ(info.height, 28);
  EXPECT_EQ(info.channels, 3);
  EXPECT_EQ(info.latent, 20);
  EXPECT_EQ(info.members, 1);
  EXPECT_EQ(info.sha256, fingerprint(read_model(folder / "model.safetensors")));

  const gradspace_detector* const detector = fit("gradient-neighbour");
  gradspace_detector_info told = {};
  told.size = sizeof told;
  expect_ok(gradspace_detector_describe(detector, &told));
  EXPECT_STREQ(told.method, "gradient-neighbour");
  EXPECT_EQ(told.clean_scores, 12U);
  EXPECT_EQ(told.needs_model, 1);
  EXPECT_EQ(told.takes_photographs, 0);
  double threshold = 0;
  expect_ok(gradspace_detector_threshold(detector, 0.1, &threshold));
  EXPECT_EQ(threshold, told.threshold);
  EXPECT_EQ(gradspace_detector_threshold(detector, 0.001, &threshold), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_detector_threshold(detector, -1, &threshold), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(threshold, told.threshold);
}

TEST_F(CFiles, TellStructsOfOtherVersionsByTheirSize) {
  struct Later {
    gradspace_model_info known;
    std::int64_t of_a_later_version;
  } later = {};
  later.known.size = sizeof later;
  later.of_a_later_version = 5;
  expect_ok(gradspace_model_describe(model, &later.known));
  EXPECT_EQ(later.known.width, 28);
  EXPECT_EQ(later.known.size, sizeof later);
  EXPECT_EQ(later.of_a_later_version, 0);
  gradspace_model_info unset = {};
  EXPECT_EQ(gradspace_model_describe(model, &unset), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(), HasSubstr("sizeof"));
}

TEST_F(CFiles, SayWhatIsWrongWithThem) {
  gradspace_model* none = nullptr;
  EXPECT_EQ(gradspace_model_open((folder / "none").c_str(), &none), GRADSPACE_IO_ERROR);
  EXPECT_THAT(gradspace_last_error(),
              HasSubstr("gradspace_model_open: " + (folder / "none").string()));
  const std::string text = folder / "text";
  std::ofstream(text) << "no model at all";
  EXPECT_EQ(gradspace_model_open(text.c_str(), &none), GRADSPACE_FORMAT_ERROR);
  gradspace_detector* detector = nullptr;
  EXPECT_EQ(gradspace_detector_open((folder / "model.safetensors").c_str(), &detector),
            GRADSPACE_FORMAT_ERROR);
  gradspace_decoder* decoder = nullptr;
  EXPECT_EQ(gradspace_decoder_open(text.c_str(), &decoder), GRADSPACE_FORMAT_ERROR);
  gradspace_picture* picture = nullptr;
  EXPECT_EQ(gradspace_picture_open(text.c_str(), &picture), GRADSPACE_FORMAT_ERROR);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(detector, nullptr);
  EXPECT_EQ(gradspace_detector_write(fit(), (folder / "no" / "folder").c_str()),
            GRADSPACE_IO_ERROR);
}

TEST_F(CFiles, LinesOfAnyLengthAreCut) {
  gradspace_model* none = nullptr;
  const std::string path(100000, 'x');
  EXPECT_EQ(gradspace_model_open(path.c_str(), &none), GRADSPACE_IO_ERROR);
  EXPECT_EQ(std::string(gradspace_last_error()).size(), 4095U);
}

TEST_F(CFiles, PicturesAreTheirPixels) {
  write_image(folder / "grey.png", testing::noise_image(9, 7, 1, 3));
  gradspace_picture* picture = nullptr;
  expect_ok(gradspace_picture_open((folder / "grey.png").c_str(), &picture));
  keep(picture);
  gradspace_image view;
  expect_ok(gradspace_picture_view(picture, &view));
  EXPECT_EQ(view.width, 9);
  EXPECT_EQ(view.height, 7);
  EXPECT_EQ(view.stride, 9);
  EXPECT_EQ(view.layout, GRADSPACE_GREY);
  const Image wanted = testing::noise_image(9, 7, 1, 3);
  EXPECT_TRUE(std::ranges::equal(wanted.pixels(), std::span(view.data, 63)));
}

TEST(CLibrary, SaysWhatItIs) {
  EXPECT_EQ(gradspace_version(), version());
  EXPECT_EQ(gradspace_interface_version(), 1000);
  const nlohmann::json build = nlohmann::json::parse(gradspace_build());
  EXPECT_EQ(build["version"], version());
  EXPECT_THAT(build["quality_metrics"], Contains("accord"));
  EXPECT_THAT(build["one_class_methods"], Contains("gradient-mahalanobis"));
  EXPECT_THAT(build["challenges"], Contains("rain"));
  EXPECT_TRUE(build["torch"].is_boolean());
  EXPECT_EQ(gradspace_build(), gradspace_build());
  EXPECT_STREQ(gradspace_status_text(GRADSPACE_FORMAT_ERROR), "not the format that was expected");
  EXPECT_STREQ(gradspace_status_text(-5), "unknown status");
}

}  // namespace
}  // namespace gradspace
