#include "detect/one_class/row_products.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"
#include "simd/matrix_product.h"

namespace gradspace {
namespace {

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(random.uniform() - 0.5);
  }
  return values;
}

/// The plain product of the whole matrix, whose bits are those that detectors have always scored by.
std::vector<float> whole_product(std::size_t count, std::size_t rows, std::size_t columns,
                                 const std::vector<float>& left, const std::vector<float>& right) {
  std::vector<float> products(count * columns);
  matrix_product(count, columns, rows, {left.data(), rows, 1}, right.data(), columns,
                 products.data(), columns);
  return products;
}

TEST(PanelMatrix, MultipliesToTheBitsOfTheWholeMatrixForAnyNumberOfRows) {
  constexpr std::size_t kRows = 37;
  for (const std::size_t columns : {1U, 5U, 47U, 48U, 49U, 96U, 131U}) {
    const std::vector<float> right = random_values(kRows * columns, columns);
    const PanelMatrix panels(kRows, columns, right);
    for (const std::size_t count : {1U, 3U, 4U, 9U}) {
      const std::vector<float> left = random_values(count * kRows, count);
      std::vector<float> products(count * columns);
      panels.multiply(count, left.data(), products.data());
      EXPECT_EQ(products, whole_product(count, kRows, columns, left, right))
          << columns << " columns, " << count << " rows";
    }
  }
}

TEST(PanelMatrix, LeavesOutZerosOfATriangularMatrixWithoutChangingABit) {
  constexpr std::size_t kOrder = 150;
  std::vector<float> right = random_values(kOrder * kOrder, 1);
  for (std::size_t k = 0; k < kOrder; ++k) {
    for (std::size_t j = 0; j < k; ++j) {
      right[k * kOrder + j] = 0;
    }
  }
  const std::vector<float> left = random_values(2 * kOrder, 2);
  std::vector<float> products(2 * kOrder);
  PanelMatrix(kOrder, kOrder, right).multiply(2, left.data(), products.data());
  EXPECT_EQ(products, whole_product(2, kOrder, kOrder, left, right));
}

TEST(PanelMatrix, GivesZerosWhereAllIsZero) {
  const std::vector<float> left = random_values(20, 3);
  std::vector<float> products(60, 7);
  PanelMatrix(20, 60, std::vector<float>(20 * 60)).multiply(1, left.data(), products.data());
  EXPECT_EQ(products, std::vector<float>(60));
}

}  // namespace
}  // namespace gradspace
