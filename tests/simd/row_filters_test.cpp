#include "simd/row_filters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random.h"

namespace gradspace::simd {
namespace {

std::vector<float> random_values(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(size);
  for (float& value : values) {
    value = static_cast<float>(random.normal());
  }
  return values;
}

TEST(RowFilters, SumsOfAnyLength) {
  for (const std::size_t taps : {1U, 2U, 3U, 11U, 17U}) {
    const std::vector<float> weights = random_values(taps, taps);
    for (std::size_t size = 0; size < 90; ++size) {
      const std::vector<float> in = random_values(size + taps - 1, size);
      std::vector<float> along(size, -1);
      std::vector<float> across(size, -1);
      std::vector<const float*> rows;
      for (std::size_t k = 0; k < taps; ++k) {
        rows.push_back(in.data() + k);
      }
      filter_row(weights, in.data(), along.data(), size);
      filter_rows(weights, rows.data(), across.data(), size);
      for (std::size_t i = 0; i < size; ++i) {
        double sum = 0;
        for (std::size_t k = 0; k < taps; ++k) {
          sum += double{weights[k]} * double{in[i + k]};
        }
        EXPECT_NEAR(along[i], sum, 1e-5);
        EXPECT_EQ(along[i], across[i]);
      }
    }
  }
}

TEST(RowFilters, PowersAreWithinTheirBound) {
  Random random(1);
  for (std::size_t size = 0; size < 60; ++size) {
    std::vector<float> a(size);
    std::vector<float> b(size);
    for (std::size_t i = 0; i < size; ++i) {
      a[i] = static_cast<float>(std::pow(10.0, 12 * random.uniform() - 6));
      b[i] = static_cast<float>(random.uniform());
    }
    for (const auto& [p, q] : {std::pair(2.4F, 0.0F), {0.4F, 0.02F}, {1.0F / 3, 1.0F}}) {
      std::vector<float> out(size);
      multiply_powers(a.data(), p, b.data(), q, out.data(), size);
      for (std::size_t i = 0; i < size; ++i) {
        const double exact = std::pow(double{a[i]}, double{p}) * std::pow(double{b[i]}, double{q});
        EXPECT_NEAR(out[i], exact, 1e-5 * exact);
      }
    }
  }
}

TEST(RowFilters, RootsAreWithinTheirBound) {
  Random random(2);
  for (const int degree : {2, 3, 4, 5}) {
    std::vector<float> values(4001);
    for (float& value : values) {
      value = static_cast<float>(std::pow(10.0, 40 * random.uniform() - 20));
    }
    std::vector<float> roots = values;
    take_roots(degree, roots.data(), roots.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double exact = std::pow(double{values[i]}, 1.0 / degree);
      EXPECT_NEAR(roots[i], exact, 2e-7 * exact) << values[i] << ", " << degree;
    }
  }
}

TEST(RowFilters, ZeroToAPowerIsAlmostZero) {
  const float zero = 0;
  const float one = 1;
  float out = -1;
  multiply_powers(&zero, 0.4F, &one, 1, &out, 1);
  EXPECT_GE(out, 0);
  EXPECT_LT(out, 1.1e-12F);
}

}  // namespace
}  // namespace gradspace::simd
