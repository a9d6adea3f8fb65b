#include "photograph/pixel_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/random.h"

namespace gradspace {
namespace {

std::vector<std::uint8_t> random_bytes(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(random.below(256));
  }
  return bytes;
}

constexpr std::size_t kWidths[] = {1, 2, 7, 8, 9, 16, 63, 64, 65, 100, 1920};

TEST(PixelRows, AreSplitByChannel) {
  SplitRow row;
  for (const std::size_t pixels : kWidths) {
    const std::vector<std::uint8_t> samples = random_bytes(3 * pixels, pixels);
    row.split(samples.data(), pixels);
    ASSERT_EQ(row.pixels(), pixels);
    for (std::size_t k = 0; k < 3; ++k) {
      for (std::size_t x = 0; x < pixels; ++x) {
        ASSERT_EQ(row.channel(k)[x], samples[3 * x + k]) << pixels << ": " << x;
      }
    }
  }
}

void expect_tones(const std::vector<std::uint8_t>& red, const std::vector<std::uint8_t>& green,
                  const std::vector<std::uint8_t>& blue) {
  const std::size_t pixels = red.size();
  std::vector<std::uint8_t> luma(pixels);
  std::vector<std::uint8_t> saturation(pixels);
  std::vector<std::uint8_t> least(pixels);
  tone_rows(red.data(), green.data(), blue.data(), pixels,
            {luma.data(), saturation.data(), least.data()});
  for (std::size_t x = 0; x < pixels; ++x) {
    const unsigned r = red[x];
    const unsigned g = green[x];
    const unsigned b = blue[x];
    ASSERT_EQ(luma[x], (299 * r + 587 * g + 114 * b + 500) / 1000) << r << " " << g << " " << b;
    ASSERT_EQ(saturation[x], std::max({r, g, b}) - std::min({r, g, b}));
    ASSERT_EQ(least[x], std::min({r, g, b}));
  }
}

TEST(PixelRows, HaveTheTonesOfIntegerArithmetic) {
  for (const std::size_t pixels : kWidths) {
    expect_tones(random_bytes(pixels, 1), random_bytes(pixels, 2), random_bytes(pixels, 3));
  }
  // All colours of two channels with some of the third.
  for (unsigned blue = 0; blue < 256; blue += 15) {
    std::vector<std::uint8_t> red;
    std::vector<std::uint8_t> green;
    for (unsigned i = 0; i < 256 * 256; ++i) {
      red.push_back(static_cast<std::uint8_t>(i % 256));
      green.push_back(static_cast<std::uint8_t>(i / 256));
    }
    expect_tones(red, green,
                 std::vector<std::uint8_t>(red.size(), static_cast<std::uint8_t>(blue)));
  }
}

TEST(PixelRows, AreCountedByLevel) {
  LevelCounts counts;
  std::array<std::uint64_t, 256> wanted{};
  for (const std::size_t pixels : kWidths) {
    const std::vector<std::uint8_t> row = random_bytes(pixels, pixels);
    counts.add(row.data(), pixels);
    for (const std::uint8_t value : row) {
      ++wanted[value];
    }
  }
  EXPECT_EQ(counts.total(), wanted);
}

TEST(PixelRows, ChangeByWhatNeighboursDiffer) {
  std::vector<std::size_t> widths(std::begin(kWidths), std::end(kWidths));
  widths.push_back(50'000);  // more than 16 bits can count at once
  for (const std::size_t pixels : widths) {
    for (const bool extreme : {false, true}) {
      std::vector<std::uint8_t> row = random_bytes(pixels, 1);
      std::vector<std::uint8_t> above = random_bytes(pixels, 2);
      for (std::size_t x = 0; extreme && x < pixels; ++x) {
        row[x] = x % 2 == 0 ? 255 : 0;
        above[x] = x % 2 == 0 ? 0 : 255;
      }
      std::array<std::uint64_t, Changes::kPhases> across{};
      std::uint64_t down = 0;
      for (std::size_t x = 0; x < pixels; ++x) {
        down += static_cast<std::uint64_t>(std::abs(row[x] - above[x]));
        across[x % 8] += x == 0 ? 0U : static_cast<std::uint64_t>(std::abs(row[x] - row[x - 1]));
      }
      Changes changes;
      add_changes(row.data(), above.data(), pixels, changes);
      EXPECT_EQ(changes.across, across) << pixels;
      EXPECT_EQ(changes.down, down) << pixels;
    }
  }
}

}  // namespace
}  // namespace gradspace
