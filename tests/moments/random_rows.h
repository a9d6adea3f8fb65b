// Rows of features, and their moments.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/random.h"
#include "gradspace/moments.h"

namespace gradspace::testing {

/// [rows, columns] whose columns differ in size, mean, tails and in how they go together.
inline std::vector<float> random_rows(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values;
  for (std::size_t i = 0; i < rows; ++i) {
    const double common = random.normal();
    for (std::size_t k = 0; k < columns; ++k) {
      const double scale = std::pow(10, static_cast<double>(k % 7) - 4);
      const double tail = k % 3 == 1 ? std::pow(random.normal(), 3) : random.normal();
      const double mean = k % 4 == 2 ? 1e3 : static_cast<double>(k % 2);
      values.push_back(static_cast<float>(scale * (mean + tail + common)));
    }
  }
  return values;
}

/// Of one block of columns.
inline FeatureSetMeta meta_of(std::size_t columns) {
  FeatureSetMeta meta;
  meta.columns = {{"feature", std::nullopt, 0, columns}};
  meta.model_sha256 = "none";
  meta.version = "test";
  meta.source = "rows";
  return meta;
}

inline FeatureMoments moments_of_rows(const std::vector<float>& values, std::size_t columns,
                                      MomentsKind kind, std::size_t first = 0,
                                      std::size_t end = SIZE_MAX) {
  MomentsBuilder builder(meta_of(columns), kind);
  end = std::min(end, values.size() / columns);
  std::vector<FeatureRow> rows(end - first);
  for (std::size_t i = first; i < end; ++i) {
    rows[i - first].bce = values[i * columns];
    rows[i - first].kld = -values[(i + 1) * columns - 1];
    rows[i - first].image.set = i % 3 == 0 ? "test" : "train";
  }
  builder.append(rows, std::span(values).subspan(first * columns, (end - first) * columns));
  return builder.finish();
}

inline void expect_same_bits(const FeatureMoments& a, const FeatureMoments& b) {
  EXPECT_EQ(a.moments.kind, b.moments.kind);
  EXPECT_EQ(a.moments.rows, b.moments.rows);
  EXPECT_EQ(a.moments.mean, b.moments.mean);
  EXPECT_EQ(a.moments.second, b.moments.second);
  EXPECT_EQ(a.moments.third, b.moments.third);
  EXPECT_EQ(a.moments.fourth, b.moments.fourth);
  EXPECT_EQ(a.quantiles, b.quantiles);
  EXPECT_EQ(a.failures, b.failures);
}

}  // namespace gradspace::testing
