#include "challenge/blur.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <vector>

#include "core/random.h"

namespace gradspace::challenge {
namespace {

Planes noise(int width, int height, std::uint64_t seed = 1) {
  Random random(seed);
  Planes planes;
  planes.emplace_back(width, height);
  for (float& sample : planes[0].samples()) {
    sample = static_cast<float>(random.uniform());
  }
  return planes;
}

Planes impulse(int side) {
  Planes planes;
  planes.emplace_back(side, side, 0.0F);
  planes[0].row(side / 2)[side / 2] = 1.0F;
  return planes;
}

int mirror(int i, int n) {
  while (i < 0 || i >= n) {
    i = i < 0 ? -1 - i : 2 * n - 1 - i;
  }
  return i;
}

/// Convolution by the definition.
Plane convolved(const Plane& plane, int reach, const std::function<double(int, int)>& kernel) {
  std::vector<double> weights;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      weights.push_back(kernel(dx, dy));
    }
  }
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  Plane result(plane.width(), plane.height());
  for (int y = 0; y < plane.height(); ++y) {
    for (int x = 0; x < plane.width(); ++x) {
      double sum = 0;
      auto weight = weights.begin();
      for (int dy = -reach; dy <= reach; ++dy) {
        const float* row = plane.row(mirror(y + dy, plane.height()));
        for (int dx = -reach; dx <= reach; ++dx) {
          sum += *weight++ * static_cast<double>(row[mirror(x + dx, plane.width())]);
        }
      }
      result.row(y)[x] = static_cast<float>(sum / total);
    }
  }
  return result;
}

double largest_difference(const Plane& a, const Plane& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    most = std::max(
        most, std::abs(static_cast<double>(a.samples()[i]) - static_cast<double>(b.samples()[i])));
  }
  return most;
}

/// Sum, and variance along each axis about the middle.
struct Moments {
  double sum = 0;
  double variance_x = 0;
  double variance_y = 0;
};

Moments moments(const Plane& plane) {
  Moments m;
  for (int y = 0; y < plane.height(); ++y) {
    for (int x = 0; x < plane.width(); ++x) {
      const auto value = static_cast<double>(plane.row(y)[x]);
      m.sum += value;
      m.variance_x += value * std::pow(x - plane.width() / 2, 2);
      m.variance_y += value * std::pow(y - plane.height() / 2, 2);
    }
  }
  return m;
}

/// The discrete Gaussian exp(-t) I_n(t), by the integral that defines I_n.
double discrete_gaussian(int n, double t) {
  constexpr int kSteps = 2000;
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double angle = std::numbers::pi * (i + 0.5) / kSteps;
    sum += std::exp(t * (std::cos(angle) - 1)) * std::cos(n * angle);
  }
  return sum / kSteps;
}

TEST(Gaussian, IsConvolutionByTheDefinition) {
  for (const double sigma : {0.3, 0.8, 2.0, 3.9}) {
    Planes planes = noise(23, 17);
    const int reach = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
    const Plane expected = convolved(planes[0], reach, [&](int dx, int dy) {
      return discrete_gaussian(dx, sigma * sigma) * discrete_gaussian(dy, sigma * sigma);
    });
    gaussian(planes, static_cast<float>(sigma));
    // Float sums of up to 25 numbers under 1, twice.
    EXPECT_LT(largest_difference(planes[0], expected), 2e-6) << sigma;
  }
}

TEST(Disc, IsConvolutionWithItsAreas) {
  for (const double radius : {0.7, 1.3, 2.0, 3.6, 7.9}) {
    Planes planes = noise(29, 19);
    const int reach = static_cast<int>(std::ceil(radius)) + 1;
    constexpr int kFine = 40;
    // The share of each sample's square that the disc covers, by counting.
    const Plane expected = convolved(planes[0], reach, [&](int dx, int dy) {
      int inside = 0;
      for (int i = 0; i < kFine; ++i) {
        for (int j = 0; j < kFine; ++j) {
          inside += std::hypot(dx - 0.5 + (i + 0.5) / kFine, dy - 0.5 + (j + 0.5) / kFine) < radius;
        }
      }
      return static_cast<double>(inside) / (kFine * kFine);
    });
    disc(planes, static_cast<float>(radius));
    // The rim's coverage is kept per row, not per sample: part of a sample's weight lies beside it.
    EXPECT_LT(largest_difference(planes[0], expected), 0.03) << radius;
  }
}

TEST(Disc, UnderHalfAPixelDoesNothing) {
  Planes planes = noise(9, 8);
  const Planes before = noise(9, 8);
  EXPECT_EQ(disc(planes, 0.5F), 1.0F);
  EXPECT_EQ(largest_difference(planes[0], before[0]), 0);
}

TEST(Blurs, OfAnySizeHaveTheVarianceAskedFor) {
  for (const float size : {1.5F, 3.0F, 6.0F, 11.0F, 20.0F}) {
    Planes gauss = impulse(241);
    gaussian(gauss, size);
    Moments m = moments(gauss[0]);
    EXPECT_NEAR(m.sum, 1, 1e-4) << size;
    // Cutting at three sigma takes 2.7 % off; where the impulse lies within a block shifts the rest.
    EXPECT_NEAR(m.variance_x, size * size, 0.06 * size * size) << size;
    EXPECT_NEAR(m.variance_y, size * size, 0.06 * size * size) << size;

    Planes round = impulse(241);
    disc(round, 2 * size);
    m = moments(round[0]);
    EXPECT_NEAR(m.sum, 1, 1e-4) << size;
    EXPECT_NEAR(m.variance_x, size * size, 0.06 * size * size) << size;
    EXPECT_NEAR(m.variance_y, size * size, 0.06 * size * size) << size;
  }
}

TEST(Blurs, KeepAUniformPicture) {
  for (const float size : {0.9F, 5.0F, 40.0F}) {
    Planes planes;
    planes.emplace_back(45, 31, 0.625F);
    gaussian(planes, size);
    disc(planes, size);
    for (const float sample : planes[0].samples()) {
      EXPECT_NEAR(sample, 0.625F, 1e-5F) << size;
    }
  }
}

TEST(Blurs, WiderThanThePictureStayInRange) {
  for (const auto& [width, height] : std::vector<std::pair<int, int>>{{8, 8}, {1, 5}, {3, 200}}) {
    Planes planes = noise(width, height);
    gaussian(planes, 100.0F);
    disc(planes, 100.0F);
    for (const float sample : planes[0].samples()) {
      EXPECT_GE(sample, 0.0F);
      EXPECT_LE(sample, 1.0F);
    }
  }
}

TEST(Blurs, ReportTheGainOfNoise) {
  for (const float size : {0.8F, 3.0F, 10.0F}) {
    const auto deviation = [](const Plane& plane) {
      double sum = 0;
      double squares = 0;
      for (const float sample : plane.samples()) {
        sum += static_cast<double>(sample);
        squares += static_cast<double>(sample) * static_cast<double>(sample);
      }
      const auto n = static_cast<double>(plane.size());
      return std::sqrt(squares / n - sum / n * (sum / n));
    };
    Planes gauss = noise(300, 300);
    const double before = deviation(gauss[0]);
    const double gauss_gain = static_cast<double>(gaussian(gauss, size));
    EXPECT_NEAR(deviation(gauss[0]) / before, gauss_gain, 0.15 * gauss_gain) << size;
    Planes round = noise(300, 300);
    const double disc_gain = static_cast<double>(disc(round, 2 * size));
    EXPECT_NEAR(deviation(round[0]) / before, disc_gain, 0.15 * disc_gain) << size;
  }
}

TEST(ReduceAndEnlarge, KeepMeansAndPositions) {
  Plane ramp(50, 30);
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 50; ++x) {
      ramp.row(y)[x] = static_cast<float>(x + 100 * y);
    }
  }
  const Plane small = reduce(ramp, 4);
  EXPECT_EQ(small.width(), 13);
  EXPECT_EQ(small.height(), 8);
  EXPECT_FLOAT_EQ(small.row(0)[0], 1.5F + 150.0F);
  EXPECT_FLOAT_EQ(small.row(7)[12], 48.5F + 2850.0F);  // two columns and two rows are left there
  const Plane large = enlarge(small, 4, 50, 30);
  for (int y = 2; y < 26; ++y) {
    for (int x = 2; x < 46; ++x) {
      EXPECT_NEAR(large.row(y)[x], ramp.row(y)[x], 1e-2F);
    }
  }
}

}  // namespace
}  // namespace gradspace::challenge
