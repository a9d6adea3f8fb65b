#include "photograph/ranked.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.h"

namespace gradspace {
namespace {

/// By sorting everything.
float sorted_quantile(std::vector<float> values, double share) {
  std::ranges::sort(values);
  const double place = share * static_cast<double>(values.size() - 1);
  const auto rank = static_cast<std::size_t>(place);
  const float below = values[rank];
  const float above = values[std::min(rank + 1, values.size() - 1)];
  return below + static_cast<float>(place - static_cast<double>(rank)) * (above - below);
}

void expect_quantiles(const std::vector<float>& values) {
  Ranked ranked(values);
  for (const double share : {0.0, 0.02, 0.02, 0.1, 0.11, 0.5, 0.9, 0.98, 0.999, 1.0}) {
    ASSERT_EQ(ranked.quantile(share), sorted_quantile(values, share))
        << values.size() << " values, " << share;
  }
}

TEST(Ranked, GivesTheQuantilesThatSortingGives) {
  for (std::size_t count = 1; count < 3000; count += 1 + count / 4) {
    Random random(count);
    std::vector<float> normal(count);
    std::vector<float> of_few(count);
    std::vector<float> with_outlier(count);
    for (std::size_t i = 0; i < count; ++i) {
      normal[i] = static_cast<float>(random.normal());
      of_few[i] = static_cast<float>(random.below(3));
      with_outlier[i] = normal[i];
    }
    with_outlier[count / 2] = 1e9F;
    for (const auto* values : {&normal, &of_few, &with_outlier}) {
      expect_quantiles(*values);
    }
  }
}

TEST(Ranked, TakesEqualAndExtremeValues) {
  expect_quantiles({2, 2, 2, 2, 2});
  expect_quantiles({0, 1e-45F});
  expect_quantiles({-3e38F, 1, 3e38F});
}

}  // namespace
}  // namespace gradspace
