// The parts that the companions are made of, against plain loops.
#include "quality/plane.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.h"
#include "quality/colour_planes.h"
#include "quality/phase_congruency.h"
#include "quality/saliency.h"
#include "quality/window_moments.h"

namespace gradspace::quality {
namespace {

Plane random_plane(int width, int height, std::uint64_t seed) {
  Random random(seed);
  Plane plane(width, height);
  for (float& value : plane.values) {
    value = static_cast<float>(255 * random.uniform());
  }
  return plane;
}

Image random_image(int width, int height, std::uint64_t seed) {
  Random random(seed);
  Image image(width, height, 3);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(random.below(256));
  }
  return image;
}

/// A value, or zero outside.
double padded(const Plane& plane, int y, int x) {
  return y < 0 || x < 0 || y >= plane.height || x >= plane.width ? 0 : plane.row(y)[x];
}

TEST(Planes, HalvesHaveZerosBeyondOddSides) {
  for (const auto& [width, height] : {std::pair(1, 1), {2, 5}, {7, 4}, {9, 9}}) {
    const Plane plane = random_plane(width, height, 1);
    const Plane half = halved(plane, BeyondOdd::kZeros);
    ASSERT_EQ(half.width, (width + 1) / 2);
    ASSERT_EQ(half.height, (height + 1) / 2);
    for (int y = 0; y < half.height; ++y) {
      for (int x = 0; x < half.width; ++x) {
        const double sum = padded(plane, 2 * y, 2 * x) + padded(plane, 2 * y, 2 * x + 1) +
                           padded(plane, 2 * y + 1, 2 * x) + padded(plane, 2 * y + 1, 2 * x + 1);
        EXPECT_NEAR(half.row(y)[x], sum / 4, 1e-4);
      }
    }
  }
}

TEST(Planes, GradientsHaveZerosAround) {
  for (const auto& [width, height] : {std::pair(1, 1), {3, 2}, {8, 5}}) {
    const Plane plane = random_plane(width, height, 2);
    for (const EdgeFilter filter : {kPrewitt, kScharr}) {
      const Plane magnitude = gradient_magnitude(plane, filter);
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          double right = 0;
          double down = 0;
          for (const int i : {-1, 0, 1}) {
            const double weight = double{i == 0 ? filter.middle : filter.beside};
            right += weight * (padded(plane, y + i, x + 1) - padded(plane, y + i, x - 1));
            down += weight * (padded(plane, y + 1, x + i) - padded(plane, y - 1, x + i));
          }
          EXPECT_NEAR(magnitude.row(y)[x], std::hypot(right, down), 1e-3);
        }
      }
    }
  }
}

TEST(Planes, BlockMeansOfEveryGrid) {
  const auto expect_grid = [](const Image& image, const BlockGrid& grid) {
    const QualityImage holder(image);
    const Plane& luma = colour_planes(holder, grid, ColourSpace::kYiq)[0];
    ASSERT_EQ(luma.width, grid.columns);
    ASSERT_EQ(luma.height, grid.rows);
    for (int row = 0; row < grid.rows; ++row) {
      for (int column = 0; column < grid.columns; ++column) {
        double sum = 0;
        for (int i = 0; i < grid.size * grid.size; ++i) {
          int y = row * grid.size - grid.before + i / grid.size;
          int x = column * grid.size - grid.before + i % grid.size;
          const bool inside = y >= 0 && x >= 0 && y < image.height() && x < image.width();
          y = std::clamp(y, 0, image.height() - 1);
          x = std::clamp(x, 0, image.width() - 1);
          const std::uint8_t* pixel = &image.row(y)[static_cast<std::size_t>(3 * x)];
          if (inside || grid.repeats_edge) {
            sum += 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
          }
        }
        EXPECT_NEAR(luma.row(row)[column], sum / (grid.size * grid.size), 1e-3);
      }
    }
  };
  for (const auto& [width, height] : {std::pair(1, 1), {3, 8}, {16, 13}, {21, 20}}) {
    const Image image = random_image(width, height, 3);
    for (const int size : {1, 2, 3, 4, 5}) {
      expect_grid(image, padded_blocks(image, size));
      expect_grid(image, centred_blocks(image, size));
      expect_grid(image, repeated_blocks(image, size));
      if (size <= std::min(width, height)) {
        expect_grid(image, whole_blocks(image, size));
      }
    }
  }
}

TEST(Planes, TheViewingFactorIsTheShorterSideOver256) {
  const auto factor = [](int side) { return viewing_factor(Image(side + 5, side, 3)); };
  EXPECT_EQ(factor(1), 1);
  EXPECT_EQ(factor(383), 1);
  EXPECT_EQ(factor(384), 2);  // 1.5 to the even number, as 2.5 is
  EXPECT_EQ(factor(640), 2);
  EXPECT_EQ(factor(641), 3);
  EXPECT_EQ(factor(1080), 4);
}

TEST(Planes, WindowMomentsAreWeightedSums) {
  const Plane a = random_plane(13, 9, 4);
  const Plane b = random_plane(13, 9, 5);
  for (const int taps : {1, 3, 9}) {
    const std::vector<float> weights = gaussian_weights(taps, 1.5);
    WindowMoments moments(a, b, weights, 100, 50);
    ASSERT_EQ(moments.rows(), 9 - taps + 1);
    for (int y = 0; y < moments.rows(); ++y) {
      const MomentRow& row = moments.next();
      for (int x = 0; x < 13 - taps + 1; ++x) {
        double mean = 0;
        double product = 0;
        for (int i = 0; i < taps * taps; ++i) {
          const double weight = double{weights[static_cast<std::size_t>(i / taps)]} *
                                double{weights[static_cast<std::size_t>(i % taps)]};
          const double value_a = a.row(y + i / taps)[x + i % taps] - 100;
          const double value_b = b.row(y + i / taps)[x + i % taps] - 50;
          mean += weight * value_a;
          product += weight * value_a * value_b;
        }
        const auto place = static_cast<std::size_t>(x);
        EXPECT_NEAR(row.a[place], mean, 1e-3);
        EXPECT_NEAR(row.ab[place], product, 1e-2);
      }
    }
  }
}

TEST(Planes, TheLowerMedian) {
  Random random(6);
  for (std::size_t size = 1; size < 200; ++size) {
    std::vector<float> values(size);
    for (float& value : values) {
      value = random.below(4) == 0 ? 0 : static_cast<float>(std::exp(5 * random.normal()));
    }
    std::vector<float> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(lower_median(values), sorted[(size - 1) / 2]);
  }
}

TEST(Planes, PhaseCongruencyIsOfFeaturesAlone) {
  const LogGaborFilters filters(61, 47);
  Plane plane(61, 47);
  std::fill(plane.values.begin(), plane.values.end(), 77.0F);
  for (const float value : filters.phase_congruency(plane).values) {
    EXPECT_EQ(value, 0);
  }
  for (int y = 0; y < plane.height; ++y) {  // an edge
    std::fill_n(plane.row(y) + 30, 31, 200.0F);
  }
  const Plane congruency = filters.phase_congruency(plane);
  EXPECT_GT(congruency.row(20)[30], 0.5F);
  EXPECT_LT(congruency.row(20)[15], congruency.row(20)[30]);
  for (const float value : congruency.values) {
    EXPECT_GE(value, 0);
    EXPECT_LE(value, 1);
  }
  for (const float value : filters.phase_congruency(random_plane(61, 47, 7)).values) {
    EXPECT_GE(value, 0);
    EXPECT_LE(value, 1);
  }
}

/// L*, a* and b* by the definition, in double precision.
TEST(Planes, LabIsTheDefinition) {
  ColourPlanes planes;
  planes.fill(Plane(50, 20));
  Random random(8);
  for (Plane& plane : planes) {
    for (float& value : plane.values) {
      value = static_cast<float>(255 * std::pow(random.uniform(), 3));
    }
  }
  const ColourPlanes rgb = planes;
  to_lab(planes);
  for (std::size_t i = 0; i < rgb[0].values.size(); ++i) {
    const auto linear = [&](std::size_t c) {
      const double s = double{rgb[c].values[i]} / 255;
      return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
    };
    const auto curve = [](double t) {
      return t > 0.008856 ? std::cbrt(t) : (903.3 * t + 16) / 116;
    };
    const double r = linear(0);
    const double g = linear(1);
    const double b = linear(2);
    const double x = curve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.96421199);
    const double y = curve(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    const double z = curve((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 0.82518828);
    EXPECT_NEAR(planes[0].values[i], 116 * y - 16, 2e-4);
    EXPECT_NEAR(planes[1].values[i], 500 * (x - y), 1e-3);
    EXPECT_NEAR(planes[2].values[i], 200 * (y - z), 1e-3);
  }
}

TEST(Planes, SaliencyGoesFromZeroToOne) {
  const SaliencyModel model;
  const Image image = random_image(70, 50, 9);
  const Plane saliency = model.saliency(image, repeated_blocks(image, 1));
  const auto [least, largest] = std::minmax_element(saliency.values.begin(), saliency.values.end());
  EXPECT_NEAR(*least, 0, 1e-6);
  EXPECT_NEAR(*largest, 1, 1e-6);
  // Blocks are means of that, even those that leave pixels out, which may be the extremes.
  for (const int size : {2, 3}) {
    const BlockGrid grid = repeated_blocks(image, size);
    const Plane blocks = model.saliency(image, grid);
    for (int row = 0; row < grid.rows; ++row) {
      for (int column = 0; column < grid.columns; ++column) {
        double sum = 0;
        for (int i = 0; i < size * size; ++i) {
          const int y = std::clamp(row * size - grid.before + i / size, 0, 49);
          const int x = std::clamp(column * size - grid.before + i % size, 0, 69);
          sum += saliency.row(y)[x];
        }
        EXPECT_NEAR(blocks.row(row)[column], sum / (size * size), 1e-6);
      }
    }
  }
  const Plane flat = model.saliency(Image(70, 50, 3), repeated_blocks(image, 1));
  EXPECT_EQ(flat.values, std::vector<float>(flat.values.size(), 0.0F));
}

}  // namespace
}  // namespace gradspace::quality
