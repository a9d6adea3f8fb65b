#include "simd/matrix_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/random.h"

namespace gradspace {
namespace {

std::vector<float> random_values(std::size_t count, Random& random) {
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(random.normal());
  }
  return values;
}

TEST(MatrixProduct, EqualsTheSumsInDoubleOnRandomShapes) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    const std::size_t m = 1 + random.below(17);
    const std::size_t n = 1 + random.below(70);
    const std::size_t k = 1 + random.below(60);
    const bool transposed = random.chance(0.5);
    // Exactly as long as needed, so that a sanitizer sees a read past the end.
    const std::vector<float> a = random_values(m * k, random);
    const std::vector<float> b = random_values(k * n, random);
    std::vector<float> c(m * n, std::numeric_limits<float>::quiet_NaN());
    const StridedMatrix left =
        transposed ? StridedMatrix{a.data(), 1, m} : StridedMatrix{a.data(), k, 1};
    matrix_product(m, n, k, left, b.data(), n, c.data(), n);
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        double magnitude = 0;
        for (std::size_t p = 0; p < k; ++p) {
          const double term = static_cast<double>(transposed ? a[p * m + i] : a[i * k + p]) *
                              static_cast<double>(b[p * n + j]);
          sum += term;
          magnitude += std::abs(term);
        }
        // k roundings of partial sums, each at most half an ulp of the magnitude.
        const double bound = static_cast<double>(k) * magnitude * 6e-8 + 1e-12;
        ASSERT_NEAR(c[i * n + j], sum, bound) << m << " " << n << " " << k;
      }
    }
  }
}

TEST(MatrixProduct, IsZeroOfNoTerms) {
  std::vector<float> c(3 * 50, std::numeric_limits<float>::quiet_NaN());
  matrix_product(3, 40, 0, StridedMatrix{nullptr, 0, 1}, nullptr, 40, c.data(), 50);
  for (std::size_t i = 0; i < c.size(); ++i) {
    // What lies between the rows stays as it was.
    EXPECT_EQ(c[i] == 0, i % 50 < 40) << i;
  }
}

TEST(MatrixProduct, ARowDoesNotDependOnTheOthers) {
  Random random(2);
  constexpr std::size_t kRows = 7;
  constexpr std::size_t kColumns = 43;
  constexpr std::size_t kInner = 31;
  const std::vector<float> a = random_values(kRows * kInner, random);
  const std::vector<float> b = random_values(kInner * kColumns, random);
  std::vector<float> all(kRows * kColumns);
  matrix_product(kRows, kColumns, kInner, {a.data(), kInner, 1}, b.data(), kColumns, all.data(),
                 kColumns);
  for (std::size_t i = 0; i < kRows; ++i) {
    std::vector<float> one(kColumns);
    matrix_product(1, kColumns, kInner, {a.data() + i * kInner, kInner, 1}, b.data(), kColumns,
                   one.data(), kColumns);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), all.begin() + static_cast<long>(i * kColumns)));
  }
}

TEST(MatrixProduct, RoundedAtEveryStepIsAPlainLoopToTheLastDigit) {
  Random random(3);
  constexpr std::size_t kRows = 9;
  constexpr std::size_t kInner = 28;
  for (std::size_t columns = 1; columns <= 70; ++columns) {
    const std::vector<float> a = random_values(kRows * kInner, random);
    const std::vector<float> b = random_values(kInner * columns, random);
    std::vector<float> c(kRows * columns);
    matrix_product(kRows, columns, kInner, {a.data(), kInner, 1}, b.data(), columns, c.data(),
                   columns, Rounding::kEveryStep);
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        float sum = 0;
        for (std::size_t p = 0; p < kInner; ++p) {
          sum += a[i * kInner + p] * b[p * columns + j];
        }
        ASSERT_EQ(c[i * columns + j], sum) << columns << ": " << i << ", " << j;
      }
    }
  }
}

}  // namespace
}  // namespace gradspace
