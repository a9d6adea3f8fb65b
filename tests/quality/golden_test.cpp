// The original MATLAB code's numbers, under Octave in double precision.
#include "quality/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "quality/reference_filters.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using testing::quality_image;
using testing::score;

constexpr double kScoreTolerance = 1e-5;

void expect_scores(const fs::path& folder, const fs::path& scores, const LinearDecoder& decoder) {
  int compared = 0;
  for (const testing::GoldenScore& golden : testing::read_golden_scores(scores)) {
    if (!fs::exists(folder / golden.reference)) {
      continue;  // the larger pairs are not among the tests' own files
    }
    SCOPED_TRACE(golden.distorted);
    const auto reference = quality_image(folder / golden.reference);
    const auto distorted = quality_image(folder / golden.distorted);
    EXPECT_NEAR(score("unique", decoder, reference, *distorted), golden.unique, kScoreTolerance);
    EXPECT_NEAR(score("gradient", decoder, reference, *distorted), golden.gradient,
                kScoreTolerance);
    ++compared;
  }
  EXPECT_GE(compared, 9);
}

LinearDecoder sparse_decoder() {
  return testing::read_raw_decoder(testing::data_file("quality/decoder_sparse.f32"));
}

TEST(Golden, ScoresOfTheSparseDecoder) {
  const fs::path folder = testing::data_file("quality");
  expect_scores(folder, folder / "scores_sparse_decoder.json", sparse_decoder());
}

TEST(Golden, ScoresOfAllPairs) {
  const auto data = testing::shared_data();
  if (!data) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  const fs::path folder = *data / "golden" / "iqa";
  for (const std::string name : {"random", "sparse"}) {
    expect_scores(folder, folder / ("scores_" + name + "_decoder.json"),
                  testing::read_raw_decoder(folder / ("decoder_" + name + ".f32")));
  }
}

TEST(Golden, ScoresOfThePublishedWeights) {
  const auto data = testing::shared_data();
  if (!data) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  const fs::path folder = *data / "data" / "iqa";
  const LinearDecoder decoder = load_decoder(folder / "ImageNet_Weights_YGCr.mat");
  const auto golden =
      nlohmann::json::parse(read_text_file(*data / "golden" / "iqa" / "scores_demo_pair.json"));
  const auto reference = quality_image(folder / "demo_reference.bmp");
  const auto distorted = quality_image(folder / "demo_distorted.bmp");
  for (const std::string metric : {"unique", "gradient"}) {
    EXPECT_NEAR(score(metric, decoder, reference, *distorted), golden.at(metric), kScoreTolerance);
    EXPECT_NEAR(score(metric, decoder, distorted, *reference), golden.at(metric + "_swapped"),
                kScoreTolerance);
    EXPECT_EQ(score(metric, decoder, reference, *reference), 1);
  }
}

struct GoldenFilter {
  double kurtosis = 0;
  float weight = 0;
};

std::vector<GoldenFilter> golden_filters() {
  std::ifstream file(testing::data_file("quality/filter_weights_sparse.csv"));
  std::string line;
  std::getline(file, line);
  std::vector<GoldenFilter> filters;
  while (std::getline(file, line)) {
    GoldenFilter filter;
    EXPECT_EQ(std::sscanf(line.c_str(), "%*d,%lf,%f", &filter.kurtosis, &filter.weight), 2);
    filters.push_back(filter);
  }
  EXPECT_EQ(filters.size(), LinearDecoder::kHidden);
  return filters;
}

TEST(Golden, WeightsOfTheFilters) {
  const LinearDecoder decoder = sparse_decoder();
  const auto reference = quality_image(testing::data_file("quality/pair1_ref.png"));
  const quality::ReferenceFilters filters =
      quality::reference_filters(quality::PackedDecoder(decoder), *reference);
  const std::vector<double> exact = quality::exact_filter_kurtoses(decoder, reference->rgb());
  const std::vector<GoldenFilter> golden = golden_filters();
  for (std::size_t i = 0; i < golden.size(); ++i) {
    EXPECT_NEAR(exact[i], golden[i].kurtosis, 1e-6) << "filter " << i;
    EXPECT_EQ(filters.weights[i], golden[i].weight) << "filter " << i;
    // What float32 may be trusted with.
    EXPECT_NEAR(filters.kurtosis[i], golden[i].kurtosis, quality::kKurtosisMargin / 10)
        << "filter " << i;
  }
}

/// Float32's kurtoses on photographs, one of which (20) has a sky that makes them hard to tell.
TEST(Golden, KurtosesOfPhotographsAreWithinTheMargin) {
  const auto data = testing::shared_data();
  if (!data) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  const LinearDecoder& decoder = shipped_decoder();
  const quality::PackedDecoder packed(decoder);
  for (const char* name : {"kodim02.png", "kodim06.png", "kodim20.png"}) {
    const auto reference = quality_image(*data / "data" / "kodak" / name);
    const std::vector<float> gradient = quality::reference_filters(packed, *reference).gradient;
    const std::vector<double> ours =
        quality::filter_kurtoses(std::vector<double>(gradient.begin(), gradient.end()));
    const std::vector<double> exact = quality::exact_filter_kurtoses(decoder, reference->rgb());
    for (std::size_t i = 0; i < exact.size(); ++i) {
      if (std::abs(exact[i] - 3) < 0.5) {
        EXPECT_NEAR(ours[i], exact[i], quality::kKurtosisMargin / 3) << name << ", filter " << i;
      }
    }
  }
}

TEST(Golden, HalvedImageAndItsChannels) {
  const Image reference = read_image(testing::data_file("quality/pair2_ref.png"));
  const Image half = quality::halve(reference);
  EXPECT_EQ(half, read_image(testing::data_file("quality/pair2_ref_half.png")));
  EXPECT_EQ(quality::to_ygcr(half), read_image(testing::data_file("quality/pair2_ref_ygcr.png")));
}

}  // namespace
}  // namespace gradspace
