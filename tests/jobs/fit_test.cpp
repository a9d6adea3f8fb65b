#include "gradspace/fit.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/csv_table.h"
#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "support/scenes.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::size_t kMu = 4;
constexpr std::size_t kGradient = 6;

/// A set of rows around `centre`, with columns "mu" and "up.6:bce".
void write_set(const std::filesystem::path& path, std::size_t rows, double centre, int challenge,
               const std::string& model = "aa") {
  FeatureSetMeta meta;
  meta.columns = {{"mu", std::nullopt, 0, kMu}, {"up.6", Loss::kBce, kMu, kMu + kGradient}};
  meta.model_sha256 = model;
  meta.source_images = rows;
  FeatureSetWriter writer(path, meta);
  Random random(hash_text(path.filename().string()));
  std::vector<FeatureRow> index(rows);
  std::vector<float> features;
  for (std::size_t i = 0; i < rows; ++i) {
    index[i].image.path = std::to_string(i) + ".bmp";
    index[i].image.challenge = challenge;
    index[i].image.level = challenge == 0 ? 0 : 1 + static_cast<int>(i % 2);
    index[i].label = challenge == 0 ? 1 : 0;
    for (std::size_t k = 0; k < kMu + kGradient; ++k) {
      features.push_back(static_cast<float>(centre + random.normal()));
    }
  }
  writer.append(index, features, rows);
  writer.finish();
}

class Fit : public ::testing::Test {
 protected:
  Fit() {
    write_set(folder_ / "clean", 200, -1, 0);
    write_set(folder_ / "clean-test", 100, -1, 0);
    write_set(folder_ / "blurred", 150, 1, 7);
    write_set(folder_ / "rain", 120, 1, 9);
    options_.classifier.epochs = 30;
  }

  Detector fit() {
    const FeatureSet clean(folder_ / "clean");
    const FeatureSet blurred(folder_ / "blurred");
    return fit_detector({clean, blurred}, options_);
  }

  testing::TemporaryFolder folder_;
  FitOptions options_;
};

TEST_F(Fit, TwoSidedScoresAreDistancesFromTheMiddleOfCleanRows) {
  const Detector one_sided = fit();
  const FeatureSet clean(folder_ / "clean-test");
  const Detector two_sided = make_two_sided(one_sided, clean, 0.1);
  const std::vector<double> before = detector_scores(one_sided, clean, "clean");
  const std::vector<double> distances = detector_scores(two_sided, clean, "clean");
  const auto middle = [](std::vector<double> scores) {
    std::ranges::nth_element(scores,
                             scores.begin() + static_cast<std::ptrdiff_t>(scores.size() / 2));
    return scores[scores.size() / 2];
  };
  const double center = middle(before);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == center) {
      EXPECT_LT(distances[i], 0.05);
    }
    EXPECT_GE(distances[i], 0);
    EXPECT_LE(distances[i], 1);
  }
  EXPECT_THAT(two_sided.metadata.at("options"), HasSubstr("\"two_sided\":true"));
  EXPECT_THAT(two_sided.metadata.at("options"), HasSubstr("\"false_alarms\":0.1"));
}

TEST_F(Fit, JudgesOneRowATypeAndLevel) {
  const Detector detector = fit();
  const FeatureSet clean(folder_ / "clean-test");
  const FeatureSet rain(folder_ / "rain");
  const std::vector<NamedSet> outliers{{"rain", rain}};
  const auto rows = evaluate_detector(detector, {"clean", clean}, outliers, "m", 3);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].type, 9);
  EXPECT_EQ(rows[0].level, 1);
  EXPECT_EQ(rows[1].level, 2);
  EXPECT_EQ(rows[1].run, 3);
  EXPECT_EQ(rows[1].metrics.n_out, 60U);
  EXPECT_GT(rows[0].metrics.auroc, 0.98);
  EXPECT_GT(rows[0].metrics.accuracy, 0.9);
}

TEST(Judge, MakesARowANameAndARowAChallenge) {
  const std::vector<JudgedImage> inliers{{{"a", "", 0, 0, -1}, 1}, {{"b", "", 0, 0, -1}, 2}};
  const auto outlier = [](int challenge, int level, double score, const char* name) {
    return JudgedImage{{"x", "", challenge, level, -1}, score, 0, 0, "source", name};
  };
  // A set of CURE-TSR among folders of photographs: its challenges are not called after their folder.
  const std::vector<JudgedImage> outliers{outlier(9, 1, 3, "tree"), outlier(0, 0, 3, "wet"),
                                          outlier(0, 0, 0, "fog"), outlier(0, 0, 4, "wet"),
                                          outlier(0, 0, 0, "tree")};
  const std::vector<ResultRow> rows = judge("in", inliers, outliers, 1.5, "m", 0);
  ASSERT_EQ(rows.size(), 4U);
  const char* const names[] = {"wet", "fog", "tree", ""};
  const std::size_t counts[] = {2, 1, 1, 1};
  const double aurocs[] = {1, 0, 0, 1};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rows[i].name, names[i]);
    EXPECT_EQ(rows[i].type, i == 3 ? 9 : 0);
    EXPECT_EQ(rows[i].metrics.n_out, counts[i]);
    EXPECT_EQ(rows[i].metrics.auroc, aurocs[i]);
    ASSERT_TRUE(rows[i].auroc_interval);
    EXPECT_EQ(rows[i].auroc_interval->low, aurocs[i]);
  }
}

TEST_F(Fit, WritesTheScoresOfASetsImages) {
  const Detector detector = fit();
  const FeatureSet clean(folder_ / "clean-test");
  const FeatureSet rain(folder_ / "rain");
  const std::vector<JudgedImage> inliers = judged_images(detector, {"clean", clean});
  const std::vector<JudgedImage> outliers = judged_images(detector, {"rain", rain});
  write_image_scores(folder_ / "results", inliers, outliers, "m", 3);
  const std::string text = read_text_file(folder_ / "results/image_scores.csv");
  CsvTable table(text, "image_scores.csv");
  const std::vector<double> scores = detector_scores(detector, clean, "clean");
  for (std::size_t i = 0; i < 220; ++i) {
    ASSERT_TRUE(table.next());
    const bool clean_image = i < 100;
    EXPECT_EQ(table.text(table.column("path")), fmt::format("{}.bmp", clean_image ? i : i - 100));
    EXPECT_EQ(table.text(table.column("set")), clean_image ? "inliers" : "outliers");
    EXPECT_EQ(table.text(table.column("source")), clean_image ? "clean" : "rain");
    EXPECT_EQ(table.number(table.column("type")), clean_image ? 0 : 9);
    if (clean_image) {
      EXPECT_EQ(table.number(table.column("score")), scores[i]);
    }
  }
  EXPECT_FALSE(table.next());
}

TEST_F(Fit, UsesTheColumnsAskedFor) {
  EXPECT_EQ(fit().columns.size(), 2U);
  options_.features = "up.6:bce";
  const Detector detector = fit();
  ASSERT_EQ(detector.columns.size(), 1U);
  EXPECT_EQ(detector.columns[0], (FeatureBlock{"up.6", Loss::kBce, 0, kGradient}));
  options_.features = "up.6:kld";
  EXPECT_THAT([this] { fit(); }, ThrowsMessage<InvalidArgument>(HasSubstr("mu,up.6:bce")));
}

TEST_F(Fit, CalibratesTheThresholdOnCleanImages) {
  options_.false_alarms = 0.1;
  const Detector detector = fit();
  EXPECT_EQ(detector.calibration.count(), 40U) << "a fifth of the clean images is held out";
  EXPECT_EQ(detector.threshold, detector.calibration.threshold(0.1));
  EXPECT_GE(detector.calibration.most_up_to(detector.threshold), 36U) << "at most 4 alarms";
  options_.false_alarms = 0.001;
  EXPECT_THROW(fit(), InvalidArgument);
}

/// A source that is not to be read.
class UnreadSource final : public Source {
 public:
  SourceKind kind() const override { return SourceKind::kFolder; }
  std::size_t size() const override { return 100; }
  ImageInfo info(std::size_t i) const override { return {std::to_string(i), "", 0, 0, -1}; }
  Image load(std::size_t /*i*/) const override { throw Error("an image was read"); }
  std::span<const std::string> skipped() const override { return {}; }
};

TEST(FitToImages, RefusesACovarianceThatIsTooLargeBeforeAnImageIsRead) {
  const AutoencoderSpec spec;
  const std::size_t columns = dimension(parse_features(proposed_features(spec), spec));
  EXPECT_EQ(one_class_memory("gradient-mahalanobis", spec), 40 * columns * columns);
  EXPECT_EQ(one_class_memory("latent-mahalanobis", spec), 40U * 20 * 20);
  EXPECT_EQ(one_class_memory("gradient-neighbour", spec), 0U);
  const Model model = initialise(spec, 1);
  const UnreadSource clean;
  OneClassOptions options;
  options.memory_gib = 1e-6;
  for (const OneClassMethodInfo& method : one_class_methods()) {
    options.method = method.name;
    const bool refused = one_class_memory(method.name, spec) > 0;
    EXPECT_EQ(refused, method.name.starts_with("gradient-mahalanobis") ||
                           method.name.starts_with("latent-mahalanobis"));
    if (refused) {
      EXPECT_THAT(
          [&] { fit_to_images(model, {clean}, options); },
          ThrowsMessage<InvalidArgument>(AllOf(
              HasSubstr(fmt::format("fit: {} takes", method.name)),
              HasSubstr(
                  "methods without such a covariance: reconstruction, elbo, gradient-norm"))));
    }
  }
  options.memory_gib = 0;
  EXPECT_THROW(options.validate(), InvalidArgument);
}

TEST(FitToImages, RemarksOnNearCopiesAmongTheImagesHeldOut) {
  const testing::TemporaryFolder folder;
  // Every scene comes back thirty names later: in another block.
  for (int i = 0; i < 60; ++i) {
    write_image(folder / fmt::format("{:02}.png", i),
                testing::photograph_of_scene(40, 32, static_cast<std::uint64_t>(i % 30)));
  }
  std::vector<std::string> remarks;
  JobObserver observer;
  observer.on_remark = [&](std::string_view line) { remarks.emplace_back(line); };
  const auto clean = open_source(folder.path());
  OneClassOptions options;
  options.method = "image-statistics";
  options.false_alarms = 0.2;
  fit_to_images(Extent{3, 20, 20}, {*clean}, options, 0, observer);
  EXPECT_THAT(remarks, ElementsAre(HasSubstr("100 % of the images held out are near-copies")));
}

TEST_F(Fit, RefusesSetsThatDoNotBelongTogether) {
  write_set(folder_ / "foreign", 20, 0, 7, "bb");
  const FeatureSet clean(folder_ / "clean");
  const FeatureSet foreign(folder_ / "foreign");
  EXPECT_THAT(
      [&] {
        fit_detector({clean, foreign}, options_);
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("another model")));
  const Detector detector = fit();
  const FeatureSet rain(folder_ / "rain");
  EXPECT_THAT(
      [&] {
        evaluate_detector(detector, {"rain", rain}, {}, "m", 0);
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("inliers must be clean")));
}

}  // namespace
}  // namespace gradspace
