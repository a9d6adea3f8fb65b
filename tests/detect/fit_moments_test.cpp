// Densities fitted to moments: those of the rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "detect/feature_density.h"
#include "detect/one_class/shrunk_gaussian.h"
#include "gradspace/error.h"
#include "gradspace/moments.h"
#include "gradspace/npy.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

/// Rows of columns of very different sizes that go together, with heavy tails and one column that is constant.
struct CleanRows {
  std::size_t columns;
  std::vector<float> values;

  CleanRows(std::size_t rows, std::size_t column_count) : columns(column_count) {
    Random random(rows + columns);
    for (std::size_t i = 0; i < rows; ++i) {
      const double common = random.normal();
      for (std::size_t k = 0; k < columns; ++k) {
        const double scale = std::pow(10, static_cast<double>(k % 5) - 2);
        const double own = std::pow(random.normal(), k % 2 == 0 ? 1 : 3);
        values.push_back(k == 2 ? 7.0F : static_cast<float>(scale * (5 + common + own)));
      }
    }
  }

  std::size_t rows() const { return values.size() / columns; }
  FeatureView view() const { return {values.data(), rows(), columns, columns}; }

  Matrix matrix() const {
    Matrix result(rows(), columns);
    std::ranges::copy(values, result.values.begin());
    return result;
  }

  /// Of two shards.
  Moments moments(MomentsKind kind) const {
    FeatureSetMeta meta;
    meta.columns = {{"feature", std::nullopt, 0, columns}};
    MomentsTree tree;
    const std::size_t middle = rows() / 3;
    for (const auto& [begin, end] : {std::pair{std::size_t{0}, middle}, {middle, rows()}}) {
      MomentsBuilder builder(meta, kind);
      builder.append(std::vector<FeatureRow>(end - begin),
                     std::span(values).subspan(begin * columns, (end - begin) * columns));
      tree.add(builder.finish());
    }
    return tree.finish().moments;
  }
};

TEST(FitMoments, MakesTheDetectorOfTheRows) {
  for (const auto& [rows, columns] :
       std::vector<std::pair<std::size_t, std::size_t>>{{12, 20}, {300, 40}, {2000, 130}}) {
    const CleanRows clean(rows, columns);
    for (const char* method : {"mahalanobis", "independent-gaussian"}) {
      SCOPED_TRACE(method);
      const TensorMap of_rows = fit_feature_density(method, clean.view());
      const TensorMap of_moments = fit_feature_density(method, clean.moments(MomentsKind::kFourth));
      ASSERT_EQ(of_rows.size(), of_moments.size());
      for (const auto& [key, tensor] : of_rows) {
        ASSERT_EQ(of_moments.at(key).shape, tensor.shape);
        for (std::size_t i = 0; i < tensor.values.size(); ++i) {
          const double value = tensor.values[i];
          EXPECT_NEAR(of_moments.at(key).values[i], value, 1e-5 * std::abs(value) + 2e-6)
              << key << " " << i;
        }
      }
    }
  }
}

TEST(FitMoments, ShrinksAsScikitLearn) {
  if (!testing::python_has("sklearn")) {
    GTEST_SKIP() << "scikit-learn is not installed";
  }
  const testing::TemporaryFolder folder;
  for (const std::size_t rows : {25U, 700U}) {
    CleanRows clean(rows, 30);
    for (std::size_t i = 0; i < rows; ++i) {  // scikit-learn has no constant columns
      clean.values[i * 30 + 2] = clean.values[i * 30] * clean.values[i * 30 + 1];
    }
    write_npy(folder / "rows.npy", Tensor{{static_cast<std::int64_t>(rows), 30}, clean.values});
    const auto output =
        testing::run_script("detect/sklearn_ledoit_wolf.py", (folder / "rows.npy").string());
    ASSERT_EQ(output.status, 0);
    const double expected = nlohmann::json::parse(output.text)["shrinkage"];
    const Moments moments = clean.moments(MomentsKind::kFourth);
    const Standardiser standardiser = Standardiser::fit(moments, "test");
    EXPECT_NEAR(shrunk_covariance(moments, standardiser).shrinkage / expected, 1, 1e-5);
  }
}

TEST(FitMoments, WithoutFourthOnesShrinksAsOfAGaussian) {
  // Of Gaussian rows there is no difference but that of a sample.
  constexpr std::size_t kColumns = 20;
  Random random(6);
  FeatureSetMeta meta;
  meta.columns = {{"feature", std::nullopt, 0, kColumns}};
  MomentsBuilder builder(meta, MomentsKind::kFourth);
  for (int i = 0; i < 5000; ++i) {
    std::vector<float> row(kColumns);
    const double common = random.normal();
    for (float& value : row) {
      value = static_cast<float>(common + random.normal());
    }
    builder.append(std::vector<FeatureRow>(1), row);
  }
  const Moments fourth = builder.finish().moments;
  const Moments covariance = fourth.as(MomentsKind::kCovariance);
  const Standardiser standardiser = Standardiser::fit(fourth, "test");
  EXPECT_NEAR(shrunk_covariance(covariance, standardiser).shrinkage /
                  shrunk_covariance(fourth, standardiser).shrinkage,
              1, 0.1);
}

TEST(FitMoments, RefusesWhatMomentsDoNotTell) {
  const CleanRows clean(40, 5);
  const auto said = [&](const char* method, const Moments& moments) -> std::string {
    try {
      fit_feature_density(method, moments);
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(said("nearest-neighbour", clean.moments(MomentsKind::kFourth)),
              HasSubstr("learns from rows; moments do for mahalanobis and independent-gaussian"));
  EXPECT_THAT(said("mahalanobis", clean.moments(MomentsKind::kDiagonal)),
              HasSubstr("wants covariances"));
  EXPECT_EQ(said("independent-gaussian", clean.moments(MomentsKind::kDiagonal)), "");
  CleanRows broken = clean;
  broken.values[8] = NAN;
  EXPECT_THAT(said("mahalanobis", broken.moments(MomentsKind::kFourth)),
              HasSubstr("feature 3 is not finite"));
  CleanRows constant = clean;
  std::ranges::fill(constant.values, 3.0F);
  EXPECT_THAT(said("mahalanobis", constant.moments(MomentsKind::kFourth)),
              HasSubstr("all 5 features are the same"));
}

}  // namespace
}  // namespace gradspace
