// Detectors from moments: of feature sets, and of files of moments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "gradspace/describe.h"
#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/fit_features.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Three blocks for each of two members.
std::vector<FeatureBlock> two_members() {
  std::vector<FeatureBlock> blocks;
  for (const std::size_t member : {0U, 1U}) {
    const std::size_t first = 9 * member;
    blocks.push_back({"down.0", Loss::kKld, first, first + 4, member});
    blocks.push_back({"mu", std::nullopt, first + 4, first + 6, member});
    blocks.push_back({"up.0", Loss::kBce, first + 6, first + 9, member});
  }
  return blocks;
}

class FitToMoments : public ::testing::Test {
 protected:
  FitToMoments() {
    write("clean", 900, 1);
    write("more", 350, 2);
    write("validation", 400, 3);
    options_.false_alarms = 0.05;
  }

  void write(const std::string& name, std::size_t count, std::uint64_t seed) {
    FeatureSetMeta meta;
    meta.columns = two_members();
    meta.model_sha256 = std::string(64, 'a');
    meta.source = "images";
    meta.options_json = "{}";
    meta.source_images = count + 1;
    FeatureSetWriter writer(folder_ / name, meta);
    Random random(seed);
    std::vector<FeatureRow> rows(count);
    std::vector<float> features;
    for (std::size_t i = 0; i < count; ++i) {
      rows[i].image.path = std::to_string(i);
      rows[i].bce = static_cast<float>(random.uniform());
      for (std::size_t k = 0; k < dimension(meta.columns); ++k) {
        features.push_back(static_cast<float>(std::pow(random.normal(), k % 2 == 0 ? 1 : 3) + 3));
      }
    }
    const std::vector<FailedImage> failures = {{"bad", "bad: can't be read"}};
    writer.append(rows, features, count + 1, failures);
    writer.finish();
  }

  FeatureMoments moments(std::vector<std::string> names,
                         MomentsKind kind = MomentsKind::kFourth) const {
    std::vector<std::filesystem::path> paths;
    for (const std::string& name : names) {
      paths.push_back(folder_ / name);
    }
    MomentsOptions options;
    options.kind = kind;
    options.threads = 2;
    return moments_of(paths, options);
  }

  Detector of_moments(const FeatureMoments& clean) const {
    return fit_to_moments(clean, FeatureSet(folder_ / "validation"), options_);
  }

  testing::TemporaryFolder folder_;
  FeatureFitOptions options_;
};

TEST_F(FitToMoments, MakesTheDetectorOfTheRows) {
  const FeatureSet clean(folder_ / "clean");
  const FeatureSet validation(folder_ / "validation");
  const FeatureMoments summed = moments({"clean"});
  for (const char* method : {"mahalanobis", "independent-gaussian"}) {
    for (const char* features : {"", "mu,up.0:bce", "down.0:kld#1"}) {
      SCOPED_TRACE(std::string(method) + " " + features);
      options_.method = method;
      options_.features = features;
      if (options_.features.ends_with("#1")) {  // as of rows: the first member can't be left out
        EXPECT_THROW(of_moments(summed), InvalidArgument);
        EXPECT_THROW(fit_to_features({clean, &validation}, options_), InvalidArgument);
        continue;
      }
      const Detector rows = fit_to_features({clean, &validation}, options_);
      const Detector detector = of_moments(summed);
      EXPECT_EQ(detector.columns, rows.columns);
      EXPECT_EQ(detector.members, 2U);
      EXPECT_EQ(detector.model_sha256, rows.model_sha256);
      EXPECT_NEAR(detector.threshold / rows.threshold, 1, 1e-5);
      const std::vector<double> expected = detector_scores(rows, validation, "v");
      const std::vector<double> scores = detector_scores(detector, validation, "v");
      for (std::size_t i = 0; i < scores.size(); ++i) {
        EXPECT_NEAR(scores[i] / expected[i], 1, 1e-4) << i;
      }
    }
  }
}

TEST_F(FitToMoments, TakesFilesAndSetsInAnyMixture) {
  write_moments(folder_ / "m.safetensors", moments({"clean"}));
  const FeatureMoments both = moments({"clean", "more"});
  const FeatureMoments mixed = moments({"m.safetensors", "more"});
  EXPECT_EQ(both.moments.rows, 1250U);
  EXPECT_EQ(both.failures, 2U);
  EXPECT_EQ(both.meta.source_images, 1252U);
  EXPECT_EQ(both.moments.second, mixed.moments.second);
  EXPECT_EQ(both.moments.fourth, mixed.moments.fourth);
  EXPECT_EQ(both.quantiles, mixed.quantiles);
  const FeatureMoments cut = moments({"m.safetensors"}, MomentsKind::kDiagonal);
  EXPECT_EQ(cut.moments.second, moments({"clean"}, MomentsKind::kDiagonal).moments.second);
  write_moments(folder_ / "d.safetensors", cut);
  EXPECT_THAT([&] { moments({"d.safetensors"}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("holds diagonal moments, fourth ones")));
}

TEST_F(FitToMoments, AreDescribed) {
  write_moments(folder_ / "m.safetensors", moments({"clean"}));
  const std::string text = describe_file(folder_ / "m.safetensors").text;
  for (const char* fact : {"moments", "fourth", "900", "bce", "99.9%", "up.0:bce"}) {
    EXPECT_THAT(text, HasSubstr(fact));
  }
}

TEST_F(FitToMoments, SaysWhatIsWrong) {
  options_.memory_gib = 1e-7;
  EXPECT_THAT([&] { of_moments(moments({"clean"})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("memory")));
  options_ = {};
  options_.false_alarms = 1e-4;
  EXPECT_THAT([&] { of_moments(moments({"clean"})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("rate of false alarms")));
  options_ = {};
  options_.method = "nearest-neighbour";
  EXPECT_THAT([&] { of_moments(moments({"clean"})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("learns from rows")));
  FeatureMoments other = moments({"clean"});
  other.meta.model_sha256 = std::string(64, 'b');
  options_ = {};
  EXPECT_THAT([&] { of_moments(other); }, ThrowsMessage<InvalidArgument>(HasSubstr("model")));
  MomentsOptions narrow;
  narrow.memory_gib = 1e-7;
  const std::vector<std::filesystem::path> paths = {folder_ / "clean"};
  EXPECT_THAT([&] { moments_of(paths, narrow); },
              ThrowsMessage<InvalidArgument>(HasSubstr("diagonal ones take 16 bytes a column")));
}

}  // namespace
}  // namespace gradspace
