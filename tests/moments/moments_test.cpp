#include "gradspace/moments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/arena.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"
#include "moments/random_rows.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::expect_same_bits;
using testing::moments_of_rows;
using testing::random_rows;

constexpr MomentsKind kKinds[] = {MomentsKind::kDiagonal, MomentsKind::kCovariance,
                                  MomentsKind::kFourth};

/// What numpy_moments.py says of a file of moments and the rows that it should be of.
nlohmann::json numpy_says(const FeatureMoments& moments, const std::vector<float>& values,
                          std::size_t columns) {
  const testing::TemporaryFolder folder;
  write_moments(folder / "m.safetensors", moments);
  write_npy(folder / "rows.npy", Tensor{{static_cast<std::int64_t>(values.size() / columns),
                                         static_cast<std::int64_t>(columns)},
                                        values});
  const auto output =
      testing::run_script("moments/numpy_moments.py", (folder / "m.safetensors").string() + " " +
                                                          (folder / "rows.npy").string());
  EXPECT_EQ(output.status, 0) << output.text;
  return nlohmann::json::parse(output.text, nullptr, false);
}

TEST(Moments, AgreeWithNumPy) {
  if (!testing::python_has("numpy")) {
    GTEST_SKIP() << "NumPy is not installed";
  }
  for (const auto& [rows, columns] : std::vector<std::pair<std::size_t, std::size_t>>{
           {1, 1}, {2, 3}, {511, 5}, {512, 96}, {513, 97}, {2000, 40}, {700, 200}}) {
    const std::vector<float> values = random_rows(rows, columns, rows + columns);
    for (const MomentsKind kind : kKinds) {
      SCOPED_TRACE(std::to_string(rows) + "x" + std::to_string(columns));
      const nlohmann::json errors =
          numpy_says(moments_of_rows(values, columns, kind), values, columns);
      EXPECT_LT(errors["mean"].get<double>(), 1e-12);
      EXPECT_LT(errors["second"].get<double>(), 1e-12);
      EXPECT_LT(errors["third"].get<double>(), 1e-6);
      EXPECT_LT(errors["fourth"].get<double>(), 1e-6);
      // The documented bound of quantiles, and ranks by NumPy's own sorting.
      EXPECT_LE(errors["quantiles"].get<double>(), QuantileSketch::kRelativeError);
    }
  }
}

TEST(Moments, AreExactOfSmallWholeNumbers) {
  // Rows (0, 2), (2, 2), (4, 8), whose means are (2, 4).
  const std::vector<float> values = {0, 2, 2, 2, 4, 8};
  const Moments moments = moments_of_rows(values, 2, MomentsKind::kFourth).moments;
  EXPECT_EQ(moments.rows, 3U);
  EXPECT_THAT(moments.mean, ::testing::ElementsAre(2, 4));
  EXPECT_THAT(moments.second, ::testing::ElementsAre(8, 12, 24));
  EXPECT_THAT(moments.third, ::testing::ElementsAre(0, 8, 24, 48));
  EXPECT_THAT(moments.fourth, ::testing::ElementsAre(32, 80, 288));
}

TEST(Moments, KeepTheirDigitsFarFromZero) {
  // Neighbouring float32 numbers around 1e6, and one column with a single far outlier.
  std::vector<float> values;
  for (int i = 0; i < 1500; ++i) {
    values.push_back(1e6F + static_cast<float>(i % 4) * 0.0625F);
    values.push_back(i == 0 ? -3e7F : 1e6F);
  }
  const Moments moments = moments_of_rows(values, 2, MomentsKind::kCovariance).moments;
  // Four values in equal numbers: a variance of 1.25 steps squared.
  EXPECT_NEAR(moments.second[0] / (1500 * 1.25 * 0.0625 * 0.0625), 1, 1e-12);
  const double apart = 3.1e7;
  EXPECT_NEAR(moments.second_of(1, 1) / (apart * apart * 1499 / 1500), 1, 1e-12);
}

TEST(Moments, DoNotDependOnCallsNorThreads) {
  constexpr std::size_t kColumns = 130;
  const std::vector<float> values = random_rows(1300, kColumns, 5);
  for (const MomentsKind kind : kKinds) {
    const FeatureMoments whole = moments_of_rows(values, kColumns, kind);
    for (const int threads : {1, 3}) {
      Random random(static_cast<std::uint64_t>(threads));
      const FeatureMoments parted = in_arena(threads, [&] {
        MomentsBuilder builder(testing::meta_of(kColumns), kind);
        for (std::size_t i = 0; i < 1300;) {
          const std::size_t count = std::min<std::size_t>(1 + random.below(400), 1300 - i);
          std::vector<FeatureRow> rows(count);
          for (std::size_t j = 0; j < count; ++j) {
            rows[j].bce = values[(i + j) * kColumns];
            rows[j].kld = -values[(i + j + 1) * kColumns - 1];
            rows[j].image.set = (i + j) % 3 == 0 ? "test" : "train";
          }
          builder.append(rows, std::span(values).subspan(i * kColumns, count * kColumns));
          i += count;
        }
        return builder.finish();
      });
      expect_same_bits(parted, whole);
    }
  }
}

TEST(Moments, OfOneKindAreThoseOfAnother) {
  const std::vector<float> values = random_rows(1100, 100, 9);
  const Moments fourth = moments_of_rows(values, 100, MomentsKind::kFourth).moments;
  for (const MomentsKind kind : kKinds) {
    const Moments own = moments_of_rows(values, 100, kind).moments;
    const Moments cut = fourth.as(kind);
    EXPECT_EQ(cut.mean, own.mean);
    EXPECT_EQ(cut.second, own.second);
    EXPECT_EQ(cut.third, own.third);
    EXPECT_EQ(cut.fourth, own.fourth);
  }
  EXPECT_THROW(fourth.as(MomentsKind::kDiagonal).as(MomentsKind::kCovariance), InvalidArgument);
}

TEST(Moments, OfSomeColumnsAreThoseOfARowOfThem) {
  constexpr std::size_t kColumns = 7;
  const std::vector<float> values = random_rows(600, kColumns, 2);
  const std::vector<std::size_t> chosen = {4, 0, 6};
  std::vector<float> few;
  for (std::size_t i = 0; i < 600; ++i) {
    for (const std::size_t k : chosen) {
      few.push_back(values[i * kColumns + k]);
    }
  }
  for (const MomentsKind kind : kKinds) {
    const Moments all = moments_of_rows(values, kColumns, kind).moments.of_columns(chosen);
    const Moments own = moments_of_rows(few, chosen.size(), kind).moments;
    EXPECT_EQ(all.mean, own.mean);
    EXPECT_EQ(all.second, own.second);
    EXPECT_EQ(all.third, own.third);
    EXPECT_EQ(all.fourth, own.fourth);
  }
}

TEST(Moments, AddUpToThoseOfAllRows) {
  constexpr std::size_t kColumns = 9;
  const std::vector<float> values = random_rows(3000, kColumns, 3);
  for (const MomentsKind kind : kKinds) {
    const Moments whole = moments_of_rows(values, kColumns, kind).moments;
    FeatureMoments sum = moments_of_rows(values, kColumns, kind, 0, 700);
    sum.add(moments_of_rows(values, kColumns, kind, 700, 701));
    sum.add(moments_of_rows(values, kColumns, kind, 701));
    EXPECT_EQ(sum.moments.rows, 3000U);
    EXPECT_EQ(sum.meta.source_images, 3000U);
    for (std::size_t k = 0; k < kColumns; ++k) {
      const double own = whole.second_of(k, k);
      EXPECT_NEAR(sum.moments.mean[k], whole.mean[k], 1e-12 * std::abs(whole.mean[k]) + 1e-18);
      EXPECT_NEAR(sum.moments.second_of(k, k) / own, 1, 1e-12);
      if (kind == MomentsKind::kFourth) {
        const std::size_t kk = upper_place(kColumns, k, k);
        EXPECT_NEAR(sum.moments.fourth[kk] / whole.fourth[kk], 1, 1e-6);
        const double scale = std::sqrt(own * whole.fourth[kk]);
        EXPECT_NEAR(sum.moments.third[k * kColumns + k], whole.third[k * kColumns + k],
                    1e-6 * scale);
      }
    }
  }
}

TEST(Moments, TellWhereValuesAreNotFinite) {
  std::vector<float> values = random_rows(600, 3, 8);
  values[3 * 100 + 1] = std::numeric_limits<float>::quiet_NaN();
  const FeatureMoments all = moments_of_rows(values, 3, MomentsKind::kCovariance);
  EXPECT_TRUE(std::isnan(all.moments.second_of(1, 1)));
  EXPECT_TRUE(std::isfinite(all.moments.second_of(0, 2)));
}

TEST(Moments, OfDifferentThingsAreNotAdded) {
  const std::vector<float> values = random_rows(10, 6, 1);
  FeatureMoments a = moments_of_rows(values, 6, MomentsKind::kCovariance);
  EXPECT_THROW(a.add(moments_of_rows(values, 3, MomentsKind::kCovariance)), InvalidArgument);
  EXPECT_THROW(a.add(moments_of_rows(values, 6, MomentsKind::kDiagonal)), InvalidArgument);
  FeatureMoments other = moments_of_rows(values, 6, MomentsKind::kCovariance);
  other.meta.model_sha256 = "another";
  EXPECT_THROW(a.add(other), InvalidArgument);
  EXPECT_THROW(MomentsBuilder(testing::meta_of(3), MomentsKind::kDiagonal).finish(),
               InvalidArgument);
}

TEST(Moments, SayWhatTheyTake) {
  EXPECT_EQ(moments_bytes(MomentsKind::kDiagonal, 1872), 2U * 1872 * 8);
  EXPECT_EQ(moments_bytes(MomentsKind::kCovariance, 10), (10U + 55) * 8);
  EXPECT_EQ(moments_bytes(MomentsKind::kFourth, 10), (10U + 55 + 100 + 55) * 8);
  EXPECT_GT(moments_bytes(MomentsKind::kFourth, SIZE_MAX), std::uint64_t{1} << 62);
  EXPECT_NO_THROW(require_moments_memory(MomentsKind::kFourth, 1872, 4, "test"));
  EXPECT_THROW(require_moments_memory(MomentsKind::kFourth, 65536, 4, "test"), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
