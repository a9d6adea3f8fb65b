#include "decoder/preparation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"

namespace gradspace::quality {
namespace {

Image random_image(int width, int height, std::uint64_t seed) {
  Random random(seed);
  Image image(width, height, 3);
  for (std::uint8_t& sample : image.pixels()) {
    // Mostly black and white: sums then leave 0 to 255.
    const auto value = static_cast<std::uint8_t>(random.below(256));
    sample = random.chance(0.3) ? value : (value < 128 ? 0 : 255);
  }
  return image;
}

/// The bicubic kernel of a = -1/2.
double cubic(double x) {
  const double t = std::abs(x);
  if (t <= 1) {
    return 1.5 * t * t * t - 2.5 * t * t + 1;
  }
  return t <= 2 ? -0.5 * t * t * t + 2.5 * t * t - 4 * t + 2 : 0;
}

int reflect(int i, int n) {
  while (i < 0 || i >= n) {
    i = i < 0 ? -1 - i : 2 * n - 1 - i;
  }
  return i;
}

/// Straight from the definition, in double precision: the kernel stretched by two, normalised.
std::uint8_t halved_sample(const Image& image, int x, int y, int channel) {
  double sum = 0;
  double weights = 0;
  for (int dy = -5; dy <= 6; ++dy) {
    for (int dx = -5; dx <= 6; ++dx) {
      const double weight = cubic((dx - 0.5) / 2) * cubic((dy - 0.5) / 2);
      const int column = reflect(2 * x + dx, image.width());
      const int row = reflect(2 * y + dy, image.height());
      weights += weight;
      sum += weight * image.row(row)[static_cast<std::size_t>(3 * column + channel)];
    }
  }
  return static_cast<std::uint8_t>(std::clamp(std::floor(sum / weights + 0.5), 0.0, 255.0));
}

/// The formula in whole numbers, for every colour there is; the last row's pixels fill no vector.
TEST(Preparation, YgcrIsTheFormulaForEveryColour) {
  Image colours(256, 257, 3);
  for (int red = 0; red < 256; ++red) {
    for (std::size_t i = 0; i < colours.pixels().size() / 3; ++i) {
      colours.pixels()[3 * i] = static_cast<std::uint8_t>(red);
      colours.pixels()[3 * i + 1] = static_cast<std::uint8_t>(i / 256);
      colours.pixels()[3 * i + 2] = static_cast<std::uint8_t>(i % 256);
    }
    const Image ygcr = to_ygcr(colours);
    for (std::size_t i = 0; i < colours.pixels().size(); i += 3) {
      const int green = colours.pixels()[i + 1];
      const int blue = colours.pixels()[i + 2];
      const int luma = 65481 * red + 128553 * green + 24966 * blue + 16 * 255000;
      const int difference = 112000 * red - 93786 * green - 18214 * blue + 128 * 255000;
      ASSERT_EQ(ygcr.pixels()[i], (luma + 127500) / 255000) << red << ", " << i;
      ASSERT_EQ(ygcr.pixels()[i + 1], green);
      ASSERT_EQ(ygcr.pixels()[i + 2], (difference + 127500) / 255000) << red << ", " << i;
    }
  }
  Image row(21, 1, 3);
  std::copy_n(colours.row(100).begin(), row.pixels().size(), row.pixels().begin());
  const Image whole = to_ygcr(colours);
  const Image part = to_ygcr(row);
  EXPECT_TRUE(std::equal(part.pixels().begin(), part.pixels().end(), whole.row(100).begin()));
}

/// By bands, in one go; grey images too.
TEST(Preparation, ImagePatchesAreCutFromTheHalvedImage) {
  for (const int channels : {1, 3}) {
    Random random(9);
    Image image(75, 331, channels);
    for (std::uint8_t& sample : image.pixels()) {
      sample = static_cast<std::uint8_t>(random.below(256));
    }
    const Patches expected = cut_patches(to_ygcr(halve(to_rgb(image))));
    const Patches patches = image_patches(image);
    EXPECT_EQ(patches.values, expected.values);
    EXPECT_EQ(patches.columns, 4);
    EXPECT_EQ(patches.rows, 20);
    EXPECT_EQ(patches.count, 80U);
  }
  EXPECT_EQ(image_patches(Image(14, 300, 3)).count, 0U);
}

TEST(Preparation, HalvesAsTheDefinitionSays) {
  for (const auto& [width, height] :
       {std::pair(1, 1), {2, 3}, {5, 4}, {17, 9}, {64, 33}, {101, 7}}) {
    const Image image = random_image(width, height, static_cast<std::uint64_t>(width));
    const Image half = halve(image);
    ASSERT_EQ(half.width(), (width + 1) / 2);
    ASSERT_EQ(half.height(), (height + 1) / 2);
    for (int y = 0; y < half.height(); ++y) {
      for (int x = 0; x < half.width(); ++x) {
        for (int c = 0; c < 3; ++c) {
          ASSERT_EQ(half.row(y)[static_cast<std::size_t>(3 * x + c)], halved_sample(image, x, y, c))
              << width << "x" << height << " at " << x << ", " << y;
        }
      }
    }
  }
}

TEST(Preparation, PatchesGoColumnByColumn) {
  const Image image = random_image(19, 26, 1);
  const Patches patches = cut_patches(image);
  ASSERT_EQ(patches.count, 6U);  // what is over at the right and below is left out
  for (std::size_t p = 0; p < patches.count; ++p) {
    const int left = static_cast<int>(p % 2) * 8;
    const int top = static_cast<int>(p / 2) * 8;
    for (std::size_t i = 0; i < kPatchSize; ++i) {
      const int channel = static_cast<int>(i) / 64;
      const int x = left + static_cast<int>(i) % 64 / 8;
      const int y = top + static_cast<int>(i) % 8;
      EXPECT_EQ(patches.patch(p)[i],
                static_cast<float>(image.row(y)[static_cast<std::size_t>(3 * x + channel)]) / 255);
    }
  }
}

/// Patches of which a few directions have most of the variance, as photographs' do.
Patches random_patches(std::size_t count, double scale) {
  Random random(count);
  std::vector<std::vector<float>> directions(5, std::vector<float>(kPatchSize));
  for (auto& direction : directions) {
    for (float& value : direction) {
      value = static_cast<float>(random.normal());
    }
  }
  Patches patches{count, UninitialisedVector<float>(count * kPatchSize, 0.0F)};
  for (std::size_t p = 0; p < count; ++p) {
    double size = scale;
    for (const auto& direction : directions) {
      const double amount = size * random.normal();
      for (std::size_t i = 0; i < kPatchSize; ++i) {
        patches.patch(p)[i] += static_cast<float>(amount * direction[i] + 0.02 * random.normal());
      }
      size /= 2;
    }
  }
  subtract_mean(patches);
  return patches;
}

/// The largest error of z (C + 0.1 I) z = I.
template <typename T>
double whitening_error(const std::vector<double>& covariance, const std::vector<T>& z) {
  std::vector<double> right(kPatchSize * kPatchSize, 0.0);
  for (std::size_t i = 0; i < kPatchSize; ++i) {
    for (std::size_t k = 0; k < kPatchSize; ++k) {
      const double left = covariance[i * kPatchSize + k] + (i == k ? kWhiteningEpsilon : 0);
      for (std::size_t j = 0; j < kPatchSize; ++j) {
        right[i * kPatchSize + j] += left * z[k * kPatchSize + j];
      }
    }
  }
  double worst = 0;
  for (std::size_t i = 0; i < kPatchSize; i += 7) {
    for (std::size_t j = 0; j < kPatchSize; ++j) {
      double value = 0;
      for (std::size_t k = 0; k < kPatchSize; ++k) {
        value += z[i * kPatchSize + k] * right[k * kPatchSize + j];
      }
      worst = std::max(worst, std::abs(value - (i == j ? 1 : 0)));
    }
  }
  return worst;
}

TEST(Preparation, WhiteningUndoesTheCovariance) {
  for (const double scale : {1e-4, 0.05, 0.2, 0.5}) {
    for (const std::size_t count : {4U, 100U, 700U}) {
      SCOPED_TRACE(fmt::format("scale {}, {} patches", scale, count));
      const std::vector<double> matrix = covariance(random_patches(count, scale));
      double trace = 0;
      for (std::size_t i = 0; i < kPatchSize; ++i) {
        trace += matrix[i * (kPatchSize + 1)];
      }
      // An error of z counts by as much as the eigenvalues spread.
      const double spread = 1 + trace / kWhiteningEpsilon;
      EXPECT_LT(whitening_error(matrix, whitening_matrix(matrix)), 2e-6 * spread);
      EXPECT_LT(whitening_error(matrix, precise_whitening_matrix(matrix)), 1e-10 * spread);
    }
  }
}

/// In float64, from the definition.
std::vector<double> plain_covariance(const Patches& patches) {
  std::vector<double> sums(kPatchSize * kPatchSize, 0.0);
  for (std::size_t p = 0; p < patches.count; ++p) {
    const std::span<const float> patch = patches.patch(p);
    for (std::size_t i = 0; i < kPatchSize; ++i) {
      for (std::size_t j = 0; j < kPatchSize; ++j) {
        sums[i * kPatchSize + j] += double{patch[i]} * double{patch[j]};
      }
    }
  }
  for (double& sum : sums) {
    sum /= static_cast<double>(patches.count);
  }
  return sums;
}

TEST(Preparation, FewPatchesAreWhitenedAsManyAre) {
  for (const std::size_t count : {std::size_t{4}, std::size_t{17}, kFewPatches}) {
    for (const double scale : {0.02, 0.2, 0.5}) {
      const Patches patches = random_patches(count, scale);
      const std::vector<double> covariance = plain_covariance(patches);
      const std::vector<double> expected = precise_whitening_matrix(covariance);
      const std::vector<double> matrix = whitening_matrix_of_few(patches);
      EXPECT_LT(whitening_error(covariance, matrix), 1e-10);
      for (std::size_t i = 0; i < matrix.size(); ++i) {
        ASSERT_NEAR(matrix[i], expected[i], 1e-8) << count << ", " << scale << ", " << i;
      }
    }
  }
}

/// All patches alike: nothing is left of them but the constant in the covariance.
TEST(Preparation, WhitensPatchesWithoutVariance) {
  const Patches patches{5, UninitialisedVector<float>(5 * kPatchSize, 0.0F)};
  const std::vector<double> matrix = whitening_matrix_of_few(patches);
  for (std::size_t i = 0; i < kPatchSize; ++i) {
    for (std::size_t j = 0; j < kPatchSize; ++j) {
      EXPECT_NEAR(matrix[i * kPatchSize + j], i == j ? 1 / std::sqrt(kWhiteningEpsilon) : 0, 1e-14);
    }
  }
}

TEST(Preparation, CovarianceIsTheMeanOfProducts) {
  const Patches patches = random_patches(250, 0.2);
  const std::vector<double> matrix = covariance(patches);
  for (std::size_t i = 0; i < kPatchSize; i += 5) {
    for (std::size_t j = 0; j < kPatchSize; j += 3) {
      double sum = 0;
      for (std::size_t p = 0; p < patches.count; ++p) {
        sum += static_cast<double>(patches.patch(p)[i]) * patches.patch(p)[j];
      }
      EXPECT_NEAR(matrix[i * kPatchSize + j], sum / 250, 1e-6);
      EXPECT_EQ(matrix[i * kPatchSize + j], matrix[j * kPatchSize + i]);
    }
  }
}

}  // namespace
}  // namespace gradspace::quality
