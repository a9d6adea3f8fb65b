#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <span>

#include "capi/c_objects.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

using testing::c_images;
using ::testing::Each;
using testing::expect_ok;
using ::testing::HasSubstr;
using testing::noise_image;

class CExtractor : public testing::CObjects {
 protected:
  gradspace_extractor* make(const char* features, int threads = 1) {
    gradspace_extractor* extractor = nullptr;
    expect_ok(gradspace_extractor_new(model, features, threads, &extractor));
    return keep(extractor);
  }

  static std::size_t dimension(const gradspace_extractor* extractor) {
    std::size_t result = 0;
    expect_ok(gradspace_extractor_dimension(extractor, &result));
    return result;
  }
};

gradspace_gradients into(std::vector<float>& features) {
  gradspace_gradients gradients = {};
  gradients.size = sizeof gradients;
  gradients.features = features.data();
  gradients.capacity = features.size();
  return gradients;
}

TEST_F(CExtractor, GivesTheEnginesGradients) {
  gradspace_extractor* const extractor = make("up.6:bce,mu");
  const std::size_t columns = dimension(extractor);
  const Model held = initialise({}, 1);
  const std::unique_ptr<GradientBackend> engine =
      make_native_backend(held, parse_features("up.6:bce,mu", held.spec));
  const std::vector<Image> images(clean.begin(), clean.begin() + 5);
  std::vector<std::uint8_t> fitted;
  for (const Image& image : images) {
    const Image resized = resize_bilinear(image, 28, 28);
    fitted.insert(fitted.end(), resized.pixels().begin(), resized.pixels().end());
  }
  std::vector<float> wanted(5 * columns);
  std::vector<float> wanted_bce(5);
  GradientOutputs outputs;
  outputs.features = wanted;
  outputs.bce = wanted_bce;
  engine->run(ImageBatch::of_u8(fitted, 5), outputs);

  std::vector<float> features(5 * columns);
  std::vector<float> bce(5);
  gradspace_gradients gradients = into(features);
  gradients.bce = bce.data();
  expect_ok(gradspace_extract_images(extractor, c_images(images).data(), 5, &gradients));
  EXPECT_EQ(features, wanted);
  EXPECT_EQ(bce, wanted_bce);
}

TEST_F(CExtractor, DescribesItsColumns) {
  gradspace_extractor* const extractor = make(nullptr);
  std::size_t count = 0;
  expect_ok(gradspace_extractor_blocks(extractor, nullptr, 0, &count));
  ASSERT_EQ(count, 2U);
  std::vector<gradspace_block> blocks(count);
  expect_ok(gradspace_extractor_blocks(extractor, blocks.data(), count, &count));
  EXPECT_STREQ(blocks[0].name, "down.6:kld");
  EXPECT_STREQ(blocks[1].name, "up.6:bce");
  EXPECT_EQ(blocks[0].begin, 0U);
  EXPECT_EQ(blocks[0].end, blocks[1].begin);
  EXPECT_EQ(blocks[1].end, dimension(extractor));
  EXPECT_EQ(gradspace_extractor_blocks(extractor, nullptr, 1, &count), GRADSPACE_INVALID_ARGUMENT);
}

TEST_F(CExtractor, WritesRowsWhereTheyAreWantedAndNothingBetween) {
  const std::size_t columns = dimension(make(nullptr));
  const std::size_t stride = columns + 3;
  std::vector<gradspace_image> views = c_images(clean);
  std::vector<float> packed(60 * columns);
  gradspace_gradients gradients = into(packed);
  expect_ok(gradspace_extract_images(make(nullptr), views.data(), 60, &gradients));
  for (const int threads : {1, 2}) {
    std::vector<float> apart(59 * stride + columns + 1, -7);
    gradients = into(apart);
    gradients.row_stride = stride;
    --gradients.capacity;
    expect_ok(gradspace_extract_images(make(nullptr, threads), views.data(), 60, &gradients));
    for (std::size_t i = 0; i < 60; ++i) {
      EXPECT_TRUE(
          std::equal(&packed[i * columns], &packed[i * columns] + columns, &apart[i * stride]));
    }
    EXPECT_THAT(std::span(apart).subspan(columns, 3), Each(-7));
    EXPECT_EQ(apart.back(), -7);
  }
}

TEST_F(CExtractor, AnImageThatFailsCostsNoOtherItsRow) {
  gradspace_extractor* const extractor = make(nullptr);
  const std::size_t columns = dimension(extractor);
  std::vector<gradspace_image> views = c_images(clean);
  std::vector<float> good(3 * columns);
  gradspace_gradients gradients = into(good);
  expect_ok(gradspace_extract_images(extractor, views.data(), 3, &gradients));
  views[1].data = nullptr;
  std::vector<float> features(3 * columns, -7);
  std::vector<gradspace_status> statuses(3, -7);
  gradients = into(features);
  gradients.statuses = statuses.data();
  EXPECT_EQ(gradspace_extract_images(extractor, views.data(), 3, &gradients),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(), HasSubstr("image 1: the image's data is a null pointer"));
  EXPECT_EQ(statuses, (std::vector<gradspace_status>{GRADSPACE_OK, GRADSPACE_INVALID_ARGUMENT,
                                                     GRADSPACE_OK}));
  std::fill_n(&good[columns], columns, 0.0F);
  EXPECT_EQ(features, good);
}

TEST_F(CExtractor, ReadsFiles) {
  gradspace_extractor* const extractor = make("mu");
  const std::string path = folder / "image.png";
  write_image(path, clean[0]);
  const char* const paths[] = {path.c_str()};
  std::vector<float> of_file(20);
  std::vector<float> of_pixels(20);
  gradspace_gradients gradients = into(of_file);
  expect_ok(gradspace_extract_paths(extractor, paths, 1, &gradients));
  gradients = into(of_pixels);
  const std::vector<gradspace_image> views = c_images(clean);
  expect_ok(gradspace_extract_images(extractor, views.data(), 1, &gradients));
  EXPECT_EQ(of_file, of_pixels);
}

TEST_F(CExtractor, RefusesTooLittleRoomWithoutWriting) {
  gradspace_extractor* const extractor = make("mu");
  const std::vector<gradspace_image> views = c_images(clean);
  std::vector<float> features(60, -7);
  const auto refuse = [&](std::size_t count, std::size_t capacity, std::size_t stride) {
    gradspace_gradients gradients = into(features);
    gradients.capacity = capacity;
    gradients.row_stride = stride;
    EXPECT_EQ(gradspace_extract_images(extractor, views.data(), count, &gradients),
              GRADSPACE_INVALID_ARGUMENT);
    EXPECT_THAT(features, Each(-7));
  };
  constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
  refuse(4, 60, 0);
  refuse(3, 59, 0);
  refuse(3, 60, 21);
  refuse(1, 19, 0);
  refuse(1, 60, 19);
  refuse(2, 60, kHuge);
  refuse(kHuge, 60, 0);
  refuse(std::size_t{1} << 31, kHuge, 0);
  gradspace_gradients gradients = into(features);
  gradients.size = 8;
  EXPECT_EQ(gradspace_extract_images(extractor, views.data(), 1, &gradients),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_extract_images(extractor, views.data(), 1, nullptr),
            GRADSPACE_INVALID_ARGUMENT);
}

TEST_F(CExtractor, RefusesFeaturesThatTheModelLacks) {
  gradspace_extractor* extractor = nullptr;
  EXPECT_EQ(gradspace_extractor_new(model, "down.7:bce", 1, &extractor),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(), HasSubstr("down.7"));
  EXPECT_EQ(extractor, nullptr);
}

}  // namespace
}  // namespace gradspace
