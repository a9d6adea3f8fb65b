#include "simd/products.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/arena.h"
#include "core/random.h"
#include "simd/row_blocks.h"

namespace gradspace::quality {
namespace {

std::vector<float> random_matrix(std::size_t values, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> matrix(values);
  for (float& value : matrix) {
    value = static_cast<float>(random.normal());
  }
  return matrix;
}

/// Of a sum of `k` products of normal numbers, generously.
double tolerance(std::size_t k) {
  return 1e-6 * static_cast<double>(k);
}

TEST(Products, MultiplyAnyNumberOfRows) {
  constexpr std::size_t kTerms = 37;
  constexpr std::size_t kColumns = 3 * kPanelColumns;
  const std::vector<float> b = random_matrix(kTerms * kColumns, 1);
  const PackedMatrix packed(kTerms, kColumns, b.data());
  for (const std::size_t rows : {1U, 5U, 6U, 7U, 12U, 95U, 96U, 97U, 200U}) {
    const std::vector<float> a = random_matrix(rows * kTerms, rows);
    std::vector<float> c(rows * kColumns, -1);
    multiply(rows, a.data(), packed, c.data());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < kColumns; ++j) {
        double exact = 0;
        for (std::size_t p = 0; p < kTerms; ++p) {
          exact += static_cast<double>(a[i * kTerms + p]) * b[p * kColumns + j];
        }
        ASSERT_NEAR(c[i * kColumns + j], exact, tolerance(kTerms))
            << rows << ": " << i << ", " << j;
      }
    }
  }
}

TEST(Products, ARowDoesNotDependOnItsNeighbours) {
  constexpr std::size_t kSize = 4 * kPanelColumns;
  const std::vector<float> a = random_matrix(100 * kSize, 2);
  const PackedMatrix b(kSize, kSize, random_matrix(kSize * kSize, 3).data());
  std::vector<float> together(100 * kSize);
  multiply(100, a.data(), b, together.data());
  for (std::size_t i = 0; i < 100; ++i) {
    std::vector<float> alone(kSize);
    multiply(1, &a[i * kSize], b, alone.data());
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), &together[i * kSize])) << i;
  }
}

TEST(Products, SquareOfASymmetricMatrix) {
  constexpr std::size_t kSize = 12 * kPanelColumns;
  std::vector<float> a = random_matrix(kSize * kSize, 4);
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      a[i * kSize + j] = a[j * kSize + i];
    }
  }
  const PackedMatrix packed(kSize, kSize, a.data());
  std::vector<float> full(a.size());
  std::vector<float> half(a.size());
  multiply(kSize, a.data(), packed, full.data());
  multiply_symmetric(a.data(), packed, half.data());
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t j = 0; j < kSize; ++j) {
      EXPECT_NEAR(half[i * kSize + j], full[i * kSize + j], tolerance(kSize));
      EXPECT_EQ(half[i * kSize + j], half[j * kSize + i]);
    }
  }
}

TEST(Products, SumOverManyRows) {
  constexpr std::size_t kLeft = 30;
  constexpr std::size_t kRight = 2 * kPanelColumns;
  constexpr std::size_t kRows = 40 * kBlockRows + 11;  // float32 sums are flushed on the way
  const std::vector<float> a = random_matrix(kRows * kLeft, 5);
  const std::vector<float> b = random_matrix(kRows * kRight, 6);
  ProductSum sum(kLeft, kRight);
  for (std::size_t first = 0; first < kRows; first += kBlockRows) {
    sum.add(std::min(kBlockRows, kRows - first), &a[first * kLeft], &b[first * kRight]);
  }
  const std::vector<double> mean = sum.mean(kRows);
  const auto add_block = [&](std::size_t first, std::size_t rows, ProductSum& part) {
    part.add(rows, &a[first * kLeft], &b[first * kRight]);
  };
  for (const int threads : {1, 3}) {
    EXPECT_EQ(
        in_arena(
            threads,
            [&] { return mean_product(kRows, kLeft, kRight, ProductSum::Half::kNone, add_block); }),
        mean);
  }
  for (std::size_t i = 0; i < kLeft; ++i) {
    for (std::size_t j = 0; j < kRight; ++j) {
      double exact = 0;
      for (std::size_t p = 0; p < kRows; ++p) {
        exact += static_cast<double>(a[p * kLeft + i]) * b[p * kRight + j];
      }
      ASSERT_NEAR(mean[i * kRight + j], exact / kRows, 1e-6);
    }
  }
}

}  // namespace
}  // namespace gradspace::quality
