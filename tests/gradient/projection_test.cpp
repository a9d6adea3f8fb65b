// Projected features are the plain ones times a matrix of signs, whatever is beside them.
#include "gradient/projection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<float> random_floats(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  std::ranges::generate(values, [&] { return static_cast<float>(random.normal()); });
  return values;
}

/// As the header describes it, one element at a time.
float projected_value(std::span<const float> row, std::size_t columns, std::uint64_t seed,
                      std::size_t column) {
  const std::size_t words = (columns + 63) / 64;
  float sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::uint64_t output = mix(seed + (i * words + column / 64 + 1) * 0x9E3779B97F4A7C15U);
    sum += (output >> (column % 64) & 1U) != 0 ? -row[i] : row[i];
  }
  return sum * static_cast<float>(1 / std::sqrt(static_cast<double>(columns)));
}

TEST(RandomProjection, IsOfSignsInTheOrderOfTheGenerator) {
  for (const std::size_t columns : {1UL, 5UL, 64UL, 67UL, 130UL}) {
    const std::vector<float> rows = random_floats(3 * 200, columns);
    std::vector<float> out(3 * columns);
    RandomProjection(200, columns, 42).apply(rows, out);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto row = std::span(rows).subspan(i / columns * 200, 200);
      ASSERT_EQ(out[i], projected_value(row, columns, 42, i % columns)) << columns << ", " << i;
    }
  }
}

TEST(RandomProjection, OfARowDoesNotDependOnWhatIsBesideIt) {
  constexpr std::size_t kRows = 13;
  const std::vector<float> rows = random_floats(kRows * 300, 1);
  const RandomProjection projection(300, 48, 7);
  std::vector<float> together(kRows * 48);
  projection.apply(rows, together);
  for (std::size_t i = 0; i < kRows; ++i) {
    std::vector<float> alone(48);
    projection.apply(std::span(rows).subspan(i * 300, 300), alone);
    EXPECT_THAT(alone, ElementsAreArray(std::span(together).subspan(i * 48, 48)));
  }
}

TEST(RandomProjection, KeepsSquaredDistancesOnAverage) {
  // The ratio's mean is 1, and its variance under 2 / columns (Achlioptas 2003, lemma 5.2).
  constexpr int kSeeds = 400;
  constexpr std::size_t kColumns = 32;
  const std::vector<float> difference = random_floats(100, 3);
  const double before =
      std::inner_product(difference.begin(), difference.end(), difference.begin(), 0.0);
  double mean = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::vector<float> out(kColumns);
    RandomProjection(100, kColumns, static_cast<std::uint64_t>(seed)).apply(difference, out);
    mean += std::inner_product(out.begin(), out.end(), out.begin(), 0.0) / before / kSeeds;
  }
  EXPECT_NEAR(mean, 1, 5 * std::sqrt(2.0 / kColumns / kSeeds));
}

TEST(RandomProjection, IsRefusedWhereItsMatrixIsTooLarge) {
  const auto make = [](std::size_t dimension, std::size_t columns) {
    return [=] { RandomProjection(dimension, columns, 0); };
  };
  EXPECT_THAT(make(std::size_t{1} << 40, std::size_t{1} << 40),
              ThrowsMessage<InvalidArgument>(HasSubstr("its matrix may have")));
  EXPECT_THROW(make(0, 1)(), InvalidArgument);
  EXPECT_THROW(make(1, 0)(), InvalidArgument);
}

TEST(RandomProjection, IsMadeOnceForAllWhoUseIt) {
  const auto first = shared_projection(50, 8, 1);
  EXPECT_EQ(shared_projection(50, 8, 1), first);
  EXPECT_NE(shared_projection(50, 8, 2), first);
}

class ProjectedBackendTest : public ::testing::Test {
 protected:
  static std::vector<float> features(const Model& model, const std::vector<FeatureBlock>& blocks,
                                     std::span<const std::uint8_t> pixels, std::size_t count) {
    const auto backend = make_native_backend(model, blocks);
    EXPECT_TRUE(std::ranges::equal(backend->blocks(), blocks));
    std::vector<float> values(count * dimension(blocks));
    std::vector<float> bce(count);
    GradientOutputs outputs;
    outputs.features = values;
    outputs.bce = bce;
    backend->run(ImageBatch::of_u8(pixels, count), outputs);
    EXPECT_GT(*std::ranges::min_element(bce), 0);
    return values;
  }

  static std::vector<std::uint8_t> pixels(std::size_t count) {
    Random random(2);
    std::vector<std::uint8_t> values(count * AutoencoderSpec().input.size());
    std::ranges::generate(values, [&] { return static_cast<std::uint8_t>(random.below(256)); });
    return values;
  }

  Model model_ = initialise(AutoencoderSpec(), 1);
  std::vector<FeatureBlock> plain_ = parse_features(proposed_features(model_.spec), model_.spec);
};

TEST_F(ProjectedBackendTest, ProjectsTheFeaturesOfEveryImage) {
  constexpr std::size_t kCount = 201;  // more than are made at a time
  const std::vector<FeatureBlock> blocks = project_features(plain_, 24, 9);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(text(blocks), "projection");
  EXPECT_EQ(dimension(blocks), 24U);
  const std::vector<std::uint8_t> images = pixels(kCount);
  const std::vector<float> rows = features(model_, plain_, images, kCount);
  std::vector<float> expected(kCount * 24);
  RandomProjection(dimension(plain_), 24, 9).apply(rows, expected);
  EXPECT_EQ(features(model_, blocks, images, kCount), expected);
}

TEST_F(ProjectedBackendTest, OfSeveralMembersProjectsEachByItself) {
  const Model other = initialise(model_.spec, 2);
  const Model both = join_members({model_, other});
  const std::vector<FeatureBlock> plain =
      parse_features(proposed_features(both.spec), both.spec, 2);
  const std::vector<FeatureBlock> blocks = project_features(plain, 8, 9);
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[1].member, 1U);
  const std::vector<std::uint8_t> images = pixels(2);
  const std::vector<float> rows = features(both, blocks, images, 2);
  const std::vector<float> first = features(model_, project_features(plain_, 8, 9), images, 2);
  const std::vector<float> second = features(other, project_features(plain_, 8, 9), images, 2);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(rows[i], first[i]);
    EXPECT_EQ(rows[8 + i], second[i]);
    EXPECT_EQ(rows[24 + i], second[8 + i]);
  }
}

TEST_F(ProjectedBackendTest, RefusesWhatIsNoProjectionOfTheModel) {
  const std::vector<FeatureBlock> blocks = project_features(plain_, 8, 0);
  const auto refusal = [&](std::vector<FeatureBlock> changed) {
    return [this, changed = std::move(changed)] { make_native_backend(model_, changed); };
  };
  std::vector<FeatureBlock> changed = blocks;
  changed[0].projection->dimension += 1;
  EXPECT_THAT(refusal(changed), ThrowsMessage<InvalidArgument>(HasSubstr("a projection of 1873")));
  changed[0].projection->features = "nothing:bce";
  EXPECT_THAT(refusal(changed), ThrowsMessage<InvalidArgument>(HasSubstr("nothing")));
  changed = {blocks[0], {"mu", std::nullopt, 8, 8 + 200}};
  EXPECT_THAT(refusal(changed), ThrowsMessage<InvalidArgument>(HasSubstr("beside other blocks")));
  EXPECT_THAT([&] { project_features(plain_, dimension(plain_), 0); },
              ThrowsMessage<InvalidArgument>(HasSubstr("there must be more")));
  EXPECT_THAT([&] { project_features(plain_, 0, 0); },
              ThrowsMessage<InvalidArgument>(HasSubstr("0 columns")));
  EXPECT_THAT([&] { project_features(plain_, 8, UINT64_MAX); },
              ThrowsMessage<InvalidArgument>(HasSubstr("below 2^63")));
}

}  // namespace
}  // namespace gradspace
