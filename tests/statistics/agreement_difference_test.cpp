#include "gradspace/agreement_difference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/arena.h"
#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Opinions of images of several references, and metrics that see them through noise of these sizes.
OpinionSample judged_images(std::size_t references, std::size_t of_each,
                            const std::vector<double>& noise, std::uint64_t seed = 1) {
  Random random(seed);
  OpinionSample images;
  images.scores.resize(noise.size());
  for (std::size_t reference = 0; reference < references; ++reference) {
    const double hardness = random.normal();  // what all metrics fail to see of a reference
    for (std::size_t i = 0; i < of_each; ++i) {
      const double opinion = random.normal();
      images.opinions.push_back(opinion);
      images.references.push_back(7 * reference);
      for (std::size_t metric = 0; metric < noise.size(); ++metric) {
        images.scores[metric].push_back(opinion + 0.3 * hardness + noise[metric] * random.normal());
      }
    }
  }
  return images;
}

TEST(WilliamsTest, IsWhatTheFormulaGivesInScipy) {
  // By a determinant of numpy and the t distribution of scipy; the first is Steiger's example, p = 0.37.
  EXPECT_NEAR(williams_test(0.4, 0.5, 0.1, 103), 0.3749185174912557, 1e-9);
  EXPECT_NEAR(williams_test(0.93, 0.91, 0.95, 300), 0.00256544648051349, 1e-9);
  EXPECT_NEAR(williams_test(0.4, -0.2, 0.1, 20), 0.05286500548691591, 1e-9);
  EXPECT_NEAR(williams_test(0.79, 0.8, 0.9, 12), 0.9103526055195407, 1e-9);
  EXPECT_EQ(williams_test(0.7, 0.7, 0.2, 10), 1);
  EXPECT_THROW(williams_test(0.7, 0.6, 0.2, 3), InvalidArgument);
  EXPECT_THROW(williams_test(1.1, 0.6, 0.2, 30), InvalidArgument);
  EXPECT_THROW(williams_test(std::nan(""), 0.6, 0.2, 30), InvalidArgument);
}

TEST(WilliamsTest, RejectsTrueHypothesesAsOftenAsItSays) {
  // Independent images: the test's own assumption.
  constexpr int kTrials = 400;
  int rejected = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const OpinionSample images =
        judged_images(1, 60, {0.8, 0.8}, static_cast<std::uint64_t>(trial));
    AgreementOptions options;
    options.resamples = 0;
    rejected += *agreement_differences(images, options).front().p < 0.1 ? 1 : 0;
  }
  EXPECT_NEAR(rejected / double{kTrials}, 0.1, 0.05);
}

TEST(AgreementDifferences, TellABetterMetricFromAWorse) {
  const OpinionSample images = judged_images(20, 12, {0.3, 0.3, 1.2});
  const auto differences = agreement_differences(images);
  ASSERT_EQ(differences.size(), 3U);
  const auto& alike = differences[0];  // the first and the second
  EXPECT_EQ(alike.first, 0U);
  EXPECT_EQ(alike.second, 1U);
  EXPECT_LT(alike.srocc->low, 0);
  EXPECT_GT(alike.srocc->high, 0);
  EXPECT_GT(*alike.p, 0.05);
  for (const auto& better : {differences[1], differences[2]}) {
    EXPECT_EQ(better.second, 2U);
    EXPECT_GT(better.srocc->low, 0);
    EXPECT_LT(*better.p_holm, 1e-6);
  }
}

TEST(AgreementDifferences, AreTheDifferencesOfTheCorrelations) {
  const OpinionSample images = judged_images(6, 9, {0.2, 0.7, 0.4});
  for (const AgreementDifference& pair : agreement_differences(images)) {
    const double first = *spearman_correlation(images.scores[pair.first], images.opinions);
    const double second = *spearman_correlation(images.scores[pair.second], images.opinions);
    EXPECT_EQ(pair.srocc->value, first - second);
    EXPECT_LE(pair.srocc->low, pair.srocc->value);
    EXPECT_GE(pair.srocc->high, pair.srocc->value);
  }
}

TEST(AgreementDifferences, ReferencesAreResampledWithAllOfTheirImages) {
  // A metric that has the order right within half of the references and turned around within the others: as images,
  // its figure is certain; as references, of which there are four, it is not.
  OpinionSample images;
  images.scores.resize(2);
  Random random(3);
  for (std::size_t reference = 0; reference < 4; ++reference) {
    for (int i = 0; i < 50; ++i) {
      const double opinion = random.normal();
      images.opinions.push_back(opinion);
      images.references.push_back(reference);
      images.scores[0].push_back(reference % 2 == 0 ? opinion : -opinion);
      images.scores[1].push_back(random.normal());
    }
  }
  const double by_reference = agreement_differences(images).front().srocc->high -
                              agreement_differences(images).front().srocc->low;
  std::ranges::fill(images.references, 0);
  const double by_image = agreement_differences(images).front().srocc->high -
                          agreement_differences(images).front().srocc->low;
  EXPECT_GT(by_reference, 1.5);
  EXPECT_LT(by_image, 0.7);
}

TEST(AgreementDifferences, HolmNeverMakesAPairSurer) {
  const auto differences = agreement_differences(judged_images(9, 8, {0.3, 0.5, 0.8, 1.2}));
  ASSERT_EQ(differences.size(), 6U);
  std::vector<double> p;
  for (const auto& pair : differences) {
    EXPECT_GE(*pair.p_holm, *pair.p);
    EXPECT_LE(*pair.p_holm, 1);
    p.push_back(*pair.p);
  }
  std::ranges::sort(p);
  const auto smallest = std::ranges::min(differences, {}, [](const auto& d) { return *d.p; });
  EXPECT_NEAR(*smallest.p_holm, 6 * p.front(), 1e-12);
}

TEST(AgreementDifferences, DoNotDependOnThreads) {
  const OpinionSample images = judged_images(8, 10, {0.3, 0.6});
  const auto many = agreement_differences(images).front();
  const auto one = in_arena(1, [&] { return agreement_differences(images).front(); });
  EXPECT_EQ(one.srocc->low, many.srocc->low);
  EXPECT_EQ(one.srocc->high, many.srocc->high);
}

TEST(AgreementDifferences, SayNothingWhereThereIsNothingToSay) {
  OpinionSample images = judged_images(5, 4, {0.3, 0.3});
  std::ranges::fill(images.scores[1], 2.5);
  EXPECT_FALSE(agreement_differences(images).front().srocc);
  EXPECT_FALSE(agreement_differences(images).front().p);
  images.scores[1].pop_back();
  EXPECT_THROW(agreement_differences(images), InvalidArgument);
  images.scores[1].push_back(std::numeric_limits<double>::infinity());
  EXPECT_THROW(agreement_differences(images), InvalidArgument);
  EXPECT_THROW(agreement_differences({}), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
