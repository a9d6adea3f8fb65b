// The numbers of colour-fisher are functions of a gradient: here the gradient is taken of the likelihood itself, by
// finite differences, and the numbers are worked out from it alone.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>
#include <vector>

#include "core/random.h"
#include "detect/one_class/image_features.h"

namespace gradspace {
namespace {

constexpr std::size_t kSide = 28;
constexpr std::size_t kRingCount = 7;

/// The three coefficients of each frequency in a ring.
using Ring = std::vector<Eigen::Vector3d>;

/// By the definition of the DCT and of the rings in image_features.h.
std::array<Ring, kRingCount> rings_of(const Planes& planes) {
  constexpr std::array kBegins = {2.0, 4.0, 7.0, 11.0, 16.0, 22.0};
  const auto matrix = dct_matrix(kSide);
  std::array<Ring, kRingCount> rings;
  for (std::size_t u = 0; u < kSide; ++u) {
    for (std::size_t v = u == 0 ? 1 : 0; v < kSide; ++v) {
      Eigen::Vector3d coefficients = Eigen::Vector3d::Zero();
      for (std::size_t p = 0; p < kSide * kSide; ++p) {
        const double base = static_cast<double>((*matrix)[u * kSide + p / kSide]) *
                            (*matrix)[v * kSide + p % kSide];
        for (std::size_t c = 0; c < 3; ++c) {
          coefficients[static_cast<Eigen::Index>(c)] += base * planes.plane(c)[p];
        }
      }
      const double place = std::hypot(static_cast<double>(u), static_cast<double>(v));
      const auto ring = std::ranges::count_if(kBegins, [&](double b) { return b <= place; });
      rings[static_cast<std::size_t>(ring)].push_back(coefficients);
    }
  }
  return rings;
}

/// -log p of a ring's coefficients, each Gaussian with the covariance A exp(H) A^T; without log 2 pi.
double colour_loss(const Ring& ring, const Eigen::Matrix3d& a, const Eigen::Matrix3d& h) {
  const Eigen::Matrix3d covariance = a * h.exp() * a.transpose();
  const Eigen::Matrix3d inverse = covariance.inverse();
  double loss = 0;
  for (const Eigen::Vector3d& c : ring) {
    loss += (std::log(covariance.determinant()) + c.dot(inverse * c)) / 2;
  }
  return loss;
}

/// d loss / dH at H = 0 by central differences. H is symmetric: entries off the diagonal move in pairs, and the
/// derivative is shared between the two.
Eigen::Matrix3d colour_gradient(const Ring& ring, const Eigen::Matrix3d& a) {
  constexpr double kStep = 1e-4;
  Eigen::Matrix3d gradient;
  for (int i = 0; i < 3; ++i) {
    for (int j = i; j < 3; ++j) {
      Eigen::Matrix3d h = Eigen::Matrix3d::Zero();
      h(i, j) = kStep;
      h(j, i) = kStep;
      const double slope = (colour_loss(ring, a, h) - colour_loss(ring, a, -h)) / (2 * kStep);
      gradient(i, j) = i == j ? slope : slope / 2;
      gradient(j, i) = gradient(i, j);
    }
  }
  return gradient;
}

Planes coloured_noise(std::uint64_t seed) {
  Planes planes{3, kSide, kSide, std::vector<float>(3 * kSide * kSide)};
  Random random(seed);
  for (std::size_t p = 0; p < planes.area(); ++p) {
    const double common = random.normal();
    for (std::size_t c = 0; c < 3; ++c) {
      const double share = 0.6 * (static_cast<double>(c) - 0.5);
      planes.values[c * planes.area() + p] =
          static_cast<float>(0.3 * (share * common + random.normal()));
    }
  }
  return planes;
}

TEST(ColourFisher, CorrelationsFollowFromTheGradientByTheCovariance) {
  const Planes planes = coloured_noise(5);
  std::vector<double> features;
  add_band_correlations(planes, features);
  ASSERT_EQ(features.size(), 3 * kRingCount);
  // The clean images' fit: any covariance will do.
  Eigen::Matrix3d a;
  a << 0.4, 0, 0, 0.1, 0.2, 0, -0.05, 0.08, 0.3;
  const auto rings = rings_of(planes);
  for (std::size_t ring = 0; ring < kRingCount; ++ring) {
    const auto count = static_cast<double>(rings[ring].size());
    const Eigen::Matrix3d gradient = colour_gradient(rings[ring], a);
    const Eigen::Matrix3d energy =
        a * (Eigen::Matrix3d::Identity() - 2 / count * gradient) * a.transpose();
    std::size_t pair = 0;
    for (int i = 0; i < 3; ++i) {
      for (int j = i + 1; j < 3; ++j, ++pair) {
        const double rho = energy(i, j) / std::sqrt(energy(i, i) * energy(j, j));
        EXPECT_NEAR(features[pair * kRingCount + ring], std::atanh(rho), 2e-4)
            << "ring " << ring << ", planes " << i << " and " << j;
      }
    }
  }
}

TEST(ColourFisher, CorrelationsDoNotChangeWithContrastAndAreOfThreePlanesAlone) {
  Planes planes = coloured_noise(6);
  std::vector<double> features;
  add_band_correlations(planes, features);
  for (float& value : planes.values) {
    value *= -3;
  }
  std::vector<double> stronger;
  add_band_correlations(planes, stronger);
  for (std::size_t k = 0; k < features.size(); ++k) {
    EXPECT_NEAR(stronger[k], features[k], 5e-3) << k;  // but for the floor of rounding
  }
  std::ranges::copy(planes.plane(0), planes.values.begin() + 2 * kSide * kSide);
  std::vector<double> equal;
  add_band_correlations(planes, equal);
  for (std::size_t ring = 0; ring < kRingCount; ++ring) {
    EXPECT_GT(equal[kRingCount + ring], 3.5) << "the first plane and its copy, ring " << ring;
  }
  std::vector<double> grey;
  add_band_correlations({1, 4, 4, std::vector<float>(16, 1)}, grey);
  EXPECT_TRUE(grey.empty());
}

TEST(ColourFisher, LevelsFollowFromTheGradientByTheirLogits) {
  Observations image;
  image.input = {3, 8, 8};
  image.count = 1;
  std::vector<std::uint8_t> pixels(image.input.size());
  Random random(7);
  std::ranges::generate(pixels, [&] { return static_cast<std::uint8_t>(random.below(256)); });
  pixels[0] = 0;
  pixels[1] = 255;
  image.pixels = pixels;
  std::vector<double> features;
  add_levels(image, 0, features);
  constexpr std::array kFirst = {0,   1,   8,   16,  26,  39,  57,  77,
                                 102, 128, 153, 179, 204, 230, 248, 255};
  ASSERT_EQ(features.size(), 3 * kFirst.size());
  std::vector<double> logits(kFirst.size());
  for (double& logit : logits) {
    logit = random.normal();
  }
  constexpr double kSamples = 64;
  for (std::size_t c = 0; c < 3; ++c) {
    const auto loss = [&] {
      double total = 0;
      for (const double logit : logits) {
        total += std::exp(logit);
      }
      double sum = 0;
      for (std::size_t k = c; k < pixels.size(); k += 3) {
        const auto level = std::ranges::count_if(kFirst, [&](int b) { return b <= pixels[k]; }) - 1;
        sum += std::log(total) - logits[static_cast<std::size_t>(level)];
      }
      return sum;
    };
    double total = 0;
    for (const double logit : logits) {
      total += std::exp(logit);
    }
    for (std::size_t level = 0; level < logits.size(); ++level) {
      constexpr double kStep = 1e-4;
      const double share = std::exp(logits[level]) / total;
      logits[level] += kStep;
      const double above = loss();
      logits[level] -= 2 * kStep;
      const double gradient = (above - loss()) / (2 * kStep);
      logits[level] += kStep;
      const double count = kSamples * share - gradient;
      EXPECT_NEAR(features[c * logits.size() + level], std::log((count + 1) / kSamples), 1e-5)
          << "channel " << c << ", level " << level;
    }
  }
}

}  // namespace
}  // namespace gradspace
