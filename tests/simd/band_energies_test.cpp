#include "simd/band_energies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/random.h"

namespace gradspace {
namespace {

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(random.normal());
  }
  return values;
}

/// Frequency u of n samples that lie `step` apart, by the definition of the orthonormal DCT-II.
double frequency(const float* samples, std::size_t n, std::size_t step, std::size_t u) {
  double sum = 0;
  for (std::size_t x = 0; x < n; ++x) {
    sum += samples[x * step] * std::cos(std::numbers::pi * (static_cast<double>(x) + 0.5) *
                                        static_cast<double>(u) / static_cast<double>(n));
  }
  return sum * std::sqrt((u == 0 ? 1.0 : 2.0) / static_cast<double>(n));
}

TEST(CosineTransform, IsTheDefinitionsOfAnySize) {
  constexpr std::size_t kLanes = 16;
  for (const std::size_t n : {1U,  2U,  3U,  4U,  5U,  6U,  7U,  8U,  9U,  12U, 14U,
                              15U, 16U, 20U, 28U, 31U, 32U, 35U, 40U, 56U, 63U, 64U}) {
    const CosinePlan plan(n);
    const std::vector<float> in = random_values(n * kLanes, n);
    std::vector<float> out(n * kLanes);
    cosine_transform(plan, in.data(), kLanes, out.data());
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      double norm = 0;
      for (std::size_t x = 0; x < n; ++x) {
        norm += static_cast<double>(in[x * kLanes + lane]) * in[x * kLanes + lane];
      }
      for (std::size_t u = 0; u < n; ++u) {
        ASSERT_NEAR(out[u * kLanes + lane], frequency(&in[lane], n, kLanes, u),
                    3e-7 * std::sqrt(norm))
            << n << " samples, frequency " << u << ", lane " << lane;
      }
    }
  }
}

TEST(CosineTransform, TakesFewMultiplicationsOfEvenSizes) {
  EXPECT_EQ(CosinePlan(28).coefficients.size(), 14U * 14 + 7 * 7 + 7 * 7);
  EXPECT_EQ(CosinePlan(32).coefficients.size(), 16U * 16 + 8 * 8 + 4 * 4 + 2 * 2 + 1 + 1);
  EXPECT_EQ(CosinePlan(35).coefficients.size(), 35U * 35);
}

TEST(CosineTransform, OfALaneDoesNotDependOnHowManyThereAre) {
  constexpr std::size_t kLanes = 16;
  constexpr std::size_t kSize = 28;
  const CosinePlan plan(kSize);
  const std::vector<float> in = random_values(kSize * kLanes, 1);
  std::vector<float> together(in.size());
  cosine_transform(plan, in.data(), kLanes, together.data());
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::vector<float> one(kSize);
    for (std::size_t i = 0; i < kSize; ++i) {
      one[i] = in[i * kLanes + lane];
    }
    std::vector<float> out(kSize);
    cosine_transform(plan, one.data(), 1, out.data());
    for (std::size_t u = 0; u < kSize; ++u) {
      ASSERT_EQ(out[u], together[u * kLanes + lane]) << lane << ", " << u;
    }
  }
}

struct EnergyCase {
  std::size_t channels;
  std::size_t height;
  std::size_t width;
};

constexpr std::size_t kEnergyBands = 5;
constexpr float kEnergyFloor = 1e-3F;
constexpr ColourMatrix kColours = {{{0.3F, 0.6F, 0.1F}, {0.5F, 0, -0.5F}, {-0.25F, 0.5F, -0.25F}}};

/// Some coefficients are in no band.
std::size_t some_band(std::size_t u, std::size_t v) {
  return (3 * u + 2 * v) / 4 % (kEnergyBands + 1);
}

/// Channel k of lane `lane` after colours were mixed, as a plane.
std::vector<float> plane_of(const EnergyCase& size, const std::vector<float>& values,
                            const std::vector<float>* subtracted, std::size_t lanes,
                            std::size_t lane, std::size_t k) {
  const std::size_t area = size.height * size.width;
  std::vector<float> plane(area);
  for (std::size_t p = 0; p < area; ++p) {
    double sum = 0;
    for (std::size_t c = 0; c < size.channels; ++c) {
      const std::size_t at = (c * area + p) * lanes + lane;
      const double value = values[at] - (subtracted == nullptr ? 0.0 : (*subtracted)[at]);
      sum += (size.channels == 1 ? 1.0 : static_cast<double>(kColours[k][c])) * value;
    }
    plane[p] = static_cast<float>(sum);
  }
  return plane;
}

std::vector<double> energies_of_plane(const EnergyCase& size, const std::vector<float>& plane) {
  std::vector<float> rows(plane.size());
  for (std::size_t y = 0; y < size.height; ++y) {
    for (std::size_t v = 0; v < size.width; ++v) {
      rows[y * size.width + v] =
          static_cast<float>(frequency(&plane[y * size.width], size.width, 1, v));
    }
  }
  std::vector<double> sums(kEnergyBands);
  std::vector<double> counts(kEnergyBands);
  for (std::size_t u = 0; u < size.height; ++u) {
    for (std::size_t v = 0; v < size.width; ++v) {
      if (const std::size_t band = some_band(u, v); band < kEnergyBands) {
        const double coefficient = frequency(&rows[v], size.height, size.width, u);
        sums[band] += coefficient * coefficient;
        counts[band] += 1;
      }
    }
  }
  for (std::size_t band = 0; band < kEnergyBands; ++band) {
    sums[band] = std::log(sums[band] / std::max(counts[band], 1.0) + kEnergyFloor);
  }
  return sums;
}

TEST(BandEnergies, AreThoseOfTheDefinition) {
  for (const EnergyCase& size :
       {EnergyCase{3, 28, 28}, EnergyCase{1, 28, 28}, EnergyCase{3, 5, 9}, EnergyCase{1, 1, 1},
        EnergyCase{1, 7, 2}, EnergyCase{3, 16, 24}, EnergyCase{1, 35, 30}}) {
    const BandEnergies energies(size.channels, size.height, size.width, kEnergyBands, some_band);
    LaneMemory memory;
    for (const std::size_t lanes : {16U, 1U}) {
      const std::size_t count = size.channels * size.height * size.width * lanes;
      const std::vector<float> values = random_values(count, 1);
      const std::vector<float> other = random_values(count, 2);
      for (const std::vector<float>* subtracted : {(const std::vector<float>*)nullptr, &other}) {
        std::vector<float> out(size.channels * kEnergyBands * lanes);
        energies.compute(
            {values.data(), subtracted == nullptr ? nullptr : subtracted->data(), lanes}, kColours,
            kEnergyFloor, memory, out.data());
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          for (std::size_t k = 0; k < size.channels; ++k) {
            const std::vector<double> wanted =
                energies_of_plane(size, plane_of(size, values, subtracted, lanes, lane, k));
            for (std::size_t band = 0; band < kEnergyBands; ++band) {
              ASSERT_NEAR(out[(k * kEnergyBands + band) * lanes + lane], wanted[band], 2e-5)
                  << size.height << "x" << size.width << ", channel " << k << ", band " << band;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace gradspace
