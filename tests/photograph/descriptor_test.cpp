#include "photograph/descriptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/random.h"

namespace gradspace {
namespace {

using ::testing::FloatNear;

/// The energy of each band by the definition of the orthonormal DCT-II, in double.
std::vector<double> band_energies(const std::vector<float>& plane, int height, int width) {
  constexpr double kBegins[] = {2.0 / 28, 4.0 / 28, 7.0 / 28, 11.0 / 28, 16.0 / 28, 22.0 / 28};
  std::vector<double> sums(kTileBands);
  std::vector<double> counts(kTileBands);
  for (int u = 0; u < height; ++u) {
    for (int v = u == 0 ? 1 : 0; v < width; ++v) {
      double coefficient = 0;
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          coefficient += plane[static_cast<std::size_t>(y * width + x)] *
                         std::cos(std::numbers::pi * (y + 0.5) * u / height) *
                         std::cos(std::numbers::pi * (x + 0.5) * v / width);
        }
      }
      coefficient *=
          std::sqrt((u == 0 ? 1.0 : 2.0) / height) * std::sqrt((v == 0 ? 1.0 : 2.0) / width);
      const double radius =
          std::hypot(static_cast<double>(u) / height, static_cast<double>(v) / width);
      std::size_t band = 0;
      for (const double begin : kBegins) {
        band += radius >= begin ? 1U : 0U;
      }
      sums[band] += coefficient * coefficient;
      counts[band] += 1;
    }
  }
  for (std::size_t band = 0; band < sums.size(); ++band) {
    sums[band] = std::log(sums[band] / counts[band] + 1e-6);
  }
  return sums;
}

TEST(TileEnergies, AreThoseOfTheCosineTransform) {
  for (const Extent extent : {Extent{1, 28, 28}, Extent{1, 16, 24}}) {
    constexpr std::size_t kLanes = 2;
    Random random(3);
    std::vector<float> tiles(kLanes * extent.size());
    for (float& value : tiles) {
      value = static_cast<float>(random.uniform());
    }
    TileEnergies energies(extent);
    ASSERT_EQ(energies.columns(), kTileBands + kTileBands - 1);
    std::vector<float> out(kLanes * energies.columns());
    energies.compute({tiles.data(), nullptr, kLanes}, out.data());
    std::vector<float> second;
    for (std::size_t i = 0; i < extent.size(); ++i) {
      second.push_back(tiles[i * kLanes + 1]);
    }
    const std::vector<double> wanted = band_energies(second, extent.height, extent.width);
    for (std::size_t band = 0; band < kTileBands; ++band) {
      EXPECT_NEAR(out[band * kLanes + 1], wanted[band], 2e-4) << band;
    }
    for (std::size_t band = 0; band + 1 < kTileBands; ++band) {
      EXPECT_NEAR(out[(kTileBands + band) * kLanes + 1], wanted[band + 1] - wanted[band], 4e-4);
    }
  }
}

TEST(TileEnergies, SeeColourInTheOpponentsAlone) {
  const Extent extent{3, 28, 28};
  std::vector<float> tile(extent.size(), 0.5F);
  // Red and blue against one another, luma as it was.
  for (std::size_t p = 0; p < 784; p += 2) {
    tile[p] += 0.114F * 0.5F;
    tile[2 * 784 + p] -= 0.299F * 0.5F;
  }
  TileEnergies energies(extent);
  std::vector<float> out(energies.columns());
  energies.compute({tile.data(), nullptr, 1}, out.data());
  EXPECT_LT(out[kTileBands - 1], std::log(2e-6F)) << "luma";
  EXPECT_GT(out[2 * kTileBands - 1], std::log(1e-4F)) << "red against blue";
}

TEST(Summary, TellsMeanDeviationAndQuantiles) {
  std::vector<float> falling;
  for (int i = 0; i <= 100; ++i) {
    falling.push_back(static_cast<float>(100 - i));
  }
  std::vector<float> out;
  append_summary(falling, out);
  append_summary(std::vector<float>(101, 7.0F), out);
  ASSERT_EQ(out.size(), 14U);
  const float wanted[] = {50, 29.1547595F, 2, 10, 50, 90, 98, 7, 0, 7, 7, 7, 7, 7};
  for (std::size_t k = 0; k < out.size(); ++k) {
    EXPECT_THAT(out[k], FloatNear(wanted[k], 1e-3F)) << k;
  }
}

TEST(Tones, AreQuantilesWhateverTheOrderOfChannels) {
  Image image(10, 10, 3);
  for (int y = 0; y < 10; ++y) {
    for (int x = 0; x < 10; ++x) {
      const auto at = static_cast<std::size_t>(x) * 3;
      image.row(y)[at] = static_cast<std::uint8_t>(10 * y + x);
      image.row(y)[at + 1] = 20;
      image.row(y)[at + 2] = 200;
    }
  }
  std::vector<float> rgb;
  append_tones(count_pixels(image), rgb);
  ASSERT_EQ(rgb.size(), 15U);
  EXPECT_FLOAT_EQ(rgb[0], 35.0F / 255) << "0.587 x 20 + 0.114 x 200";
  EXPECT_FLOAT_EQ(rgb[10], 180.0F / 255) << "median saturation";
  Image swapped = image;
  for (std::size_t i = 0; i < swapped.pixels().size(); i += 3) {
    std::swap(swapped.pixels()[i], swapped.pixels()[i + 2]);
  }
  std::vector<float> bgr;
  append_tones(count_pixels({swapped.pixels(), 10, 10, 3, 30, ChannelOrder::kBgr}), bgr);
  EXPECT_EQ(rgb, bgr);
}

TEST(Blocking, RisesWithTheBlocksOfACodec) {
  Random random(5);
  Image image(64, 64, 1);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(random.below(40) + 100);
  }
  std::vector<float> plain;
  append_blocking(count_pixels(image), plain);
  Image blocked(64, 64, 1);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      blocked.row(y)[static_cast<std::size_t>(x)] =
          image.row(y / 8 * 8)[static_cast<std::size_t>(x / 8 * 8)];
    }
  }
  std::vector<float> coarse;
  append_blocking(count_pixels(blocked), coarse);
  ASSERT_EQ(plain.size(), 2U);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_LT(plain[k], 0.2);
    EXPECT_GT(coarse[k], 3);
  }
}

}  // namespace
}  // namespace gradspace
