#include "detect/one_class/kernel_density.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Standard normal in the first column, two far bumps in the second.
Matrix two_columns(std::size_t rows) {
  Matrix data(rows, 2);
  Random random(4);
  for (std::size_t i = 0; i < rows; ++i) {
    data.row(i)[0] = random.normal();
    data.row(i)[1] = (random.chance(0.5) ? 1 : -1) * (10 + random.normal());
  }
  return data;
}

TEST(KernelDensity, IsTheSumOfItsKernels) {
  const Matrix data = two_columns(200);
  const TensorMap tensors = KernelDensity::fit(data, "test");
  const Matrix standard = Standardiser::load(tensors).apply(data);
  const double width = std::pow(200, -0.2);
  const auto scores = KernelDensity(tensors).score(data);
  for (std::size_t i = 0; i < 20; ++i) {
    double expected = 0;
    for (std::size_t k = 0; k < 2; ++k) {
      double density = 0;
      for (std::size_t j = 0; j < 200; ++j) {
        density +=
            std::exp(-std::pow((standard.row(i)[k] - standard.row(j)[k]) / width, 2) / 2) / 200;
      }
      expected -= std::log(density);
    }
    EXPECT_NEAR(scores[i], expected, 1e-5) << i;
  }
}

TEST(KernelDensity, SeesTheGapThatAGaussianDoesNotAndStaysFiniteFarOut) {
  const KernelDensity density(KernelDensity::fit(two_columns(500), "test"));
  Matrix rows(4, 2);
  rows.values = {0, 10, 0, 0, 1e4, 10, 1e6, 10};
  const auto scores = density.score(rows);
  EXPECT_GT(scores[1], scores[0] + 2) << "nobody is between the bumps";
  EXPECT_GT(scores[2], scores[1]);
  EXPECT_GT(scores[3], scores[2]) << "beyond where exp underflows";
  EXPECT_TRUE(std::isfinite(scores[3]));
}

TEST(KernelDensity, RefusesAFileWithoutSamples) {
  TensorMap tensors = KernelDensity::fit(two_columns(30), "test");
  tensors["samples"] = {{2, 0}, {}};
  EXPECT_THAT([&] { KernelDensity density(tensors); },
              ::testing::ThrowsMessage<InvalidArgument>(::testing::HasSubstr("no samples")));
  tensors.erase("samples");
  EXPECT_THROW(KernelDensity density(tensors), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
