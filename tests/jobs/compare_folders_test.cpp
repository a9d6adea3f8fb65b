#include "gradspace/compare_folders.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/csv_table.h"
#include "core/file.h"
#include "core/json.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/quality_scale.h"
#include "gradspace/score_pairs.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

constexpr int kWidth = 48;
constexpr int kHeight = 40;

/// A ramp with some texture, other for every seed.
Image photograph(std::uint64_t seed) {
  Random random(seed);
  Image image(kWidth, kHeight, 3);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < 3 * kWidth; ++x) {
      const auto place = static_cast<std::size_t>(x);
      image.row(y)[place] =
          static_cast<std::uint8_t>(40 + x / 2 + 2 * y + static_cast<int>(random.below(30)));
    }
  }
  return image;
}

/// Three references, and a codec that is good ("fine") and one that first halves the contrast ("flat"), at qualities
/// 20, 60 and 90.
class CompareFolders : public ::testing::Test {
 protected:
  CompareFolders() {
    for (std::uint64_t i = 0; i < kImages.size(); ++i) {
      const Image image = photograph(i);
      put(fmt::format("ref/{}.png", kImages[i]), image);
      Image flat = image;
      for (std::uint8_t& sample : flat.pixels()) {
        sample = static_cast<std::uint8_t>(64 + sample / 2);
      }
      for (const int quality : {20, 60, 90}) {
        put(fmt::format("fine-q{}/{}.jpg", quality, kImages[i]), image, quality);
        put(fmt::format("flat-q{}/{}.jpg", quality, kImages[i]), flat, quality);
      }
    }
    options_.references = folder_ / "ref";
    for (const char* name :
         {"fine-q90", "fine-q20", "fine-q60", "flat-q20", "flat-q60", "flat-q90"}) {
      options_.folders.push_back(folder_ / name);
    }
    options_.metrics = {"psnr", "gmsd"};
    observer_.on_failure = [this](std::string_view line) { failures_.emplace_back(line); };
    observer_.on_remark = [this](std::string_view line) { remarks_.emplace_back(line); };
  }

  void put(const std::string& name, const Image& image, int quality = 95) const {
    fs::create_directories((folder_ / name).parent_path());
    write_image(folder_ / name, image, {quality});
  }

  FolderComparison compare() {
    failures_.clear();
    remarks_.clear();
    return compare_folders(options_, {}, observer_);
  }

  const std::vector<std::string> kImages{"a", "b", "sub/c"};
  testing::TemporaryFolder folder_;
  CompareFoldersOptions options_;
  JobObserver observer_;
  std::vector<std::string> failures_;
  std::vector<std::string> remarks_;
};

std::vector<double> scores_in(const FolderComparison& comparison, std::size_t folder,
                              std::size_t metric) {
  std::vector<double> scores;
  for (const ComparedPair& pair : comparison.pairs) {
    if (pair.folder == folder && pair.scored()) {
      scores.push_back(pair.scores[metric].value());
    }
  }
  return scores;
}

TEST_F(CompareFolders, ScoresEveryImageOfEveryFolder) {
  std::vector<std::string> seen;
  const FolderComparison comparison =
      compare_folders(options_, [&](const FolderComparison& so_far, const ComparedPair& pair) {
        seen.push_back(so_far.folders[pair.folder].name + "/" + pair.distorted);
      });
  ASSERT_EQ(comparison.pairs.size(), 18U);
  const QualityMetrics metrics = make_quality_metrics(options_.metrics);
  for (std::size_t i = 0; i < comparison.pairs.size(); ++i) {
    const ComparedPair& pair = comparison.pairs[i];
    EXPECT_EQ(pair.reference, kImages[i / 6] + ".png") << "those with one reference are neighbours";
    EXPECT_EQ(pair.folder, i % 6);
    EXPECT_EQ(pair.distorted, kImages[i / 6] + ".jpg");
    EXPECT_EQ(seen[i], comparison.folders[pair.folder].name + "/" + pair.distorted);
    const fs::path file = options_.folders[pair.folder] / pair.distorted;
    EXPECT_EQ(pair.bytes, fs::file_size(file));
    EXPECT_EQ(pair.bits_per_pixel, 8.0 * static_cast<double>(pair.bytes) / (kWidth * kHeight));
    const QualityImage reference(read_image(options_.references / pair.reference));
    const auto prepared = metrics[1]->prepare(
        std::make_shared<const QualityImage>(read_image(options_.references / pair.reference)));
    EXPECT_EQ(pair.scores[1], prepared->score(QualityImage(read_image(file))));
  }
}

TEST_F(CompareFolders, SummariesAreOfTheFoldersImages) {
  const FolderComparison comparison = compare();
  for (std::size_t folder = 0; folder < 6; ++folder) {
    const ComparedFolder& summary = comparison.folders[folder];
    EXPECT_EQ(summary.name, options_.folders[folder].filename());
    EXPECT_EQ(summary.images, 3U);
    std::uint64_t bytes = 0;
    double bits = 0;
    for (const ComparedPair& pair : comparison.pairs) {
      bytes += pair.folder == folder ? pair.bytes : 0;
      bits += pair.folder == folder ? pair.bits_per_pixel : 0;
    }
    EXPECT_EQ(summary.bytes, bytes);
    EXPECT_DOUBLE_EQ(summary.bits_per_pixel, bits / 3);
    for (std::size_t metric = 0; metric < 2; ++metric) {
      std::vector<double> scores = scores_in(comparison, folder, metric);
      ASSERT_EQ(scores.size(), 3U);
      const QualitySummary& of_metric = summary.scores[metric].value();
      EXPECT_DOUBLE_EQ(of_metric.mean, (scores[0] + scores[1] + scores[2]) / 3);
      std::ranges::sort(scores);
      EXPECT_EQ(of_metric.median, scores[1]);
      EXPECT_EQ(of_metric.worst, metric == 0 ? scores[0] : scores[2])
          << "of gmsd, smaller is better";
      EXPECT_EQ(comparison.pairs[of_metric.worst_pair].scores[metric], of_metric.worst);
      EXPECT_EQ(comparison.pairs[of_metric.worst_pair].folder, folder);
    }
  }
  EXPECT_THAT(folder_comparison_table(comparison),
              AllOf(HasSubstr("psnr (larger is better)"), HasSubstr("gmsd (smaller is better)"),
                    HasSubstr("flat-q20"), HasSubstr("more (+) or less (-) than fine (pchip)")));
}

TEST_F(CompareFolders, BdRatesAreTheMeanOfTheImages) {
  // The contrast of the flat codec caps its PSNR below the fine one's least; without that they can be compared.
  for (const std::string& image : kImages) {
    for (const int quality : {20, 60, 90}) {
      put(fmt::format("flat-q{}/{}.jpg", quality, image),
          read_image(folder_ / fmt::format("ref/{}.png", image)), quality - 8);
    }
  }
  for (const auto interpolation : {RateInterpolation::kPchip, RateInterpolation::kCubic}) {
    options_.interpolation = interpolation;
    const FolderComparison comparison = compare();
    ASSERT_EQ(comparison.curves.size(), 2U);
    EXPECT_EQ(comparison.curves[0].name, "fine");
    EXPECT_THAT(comparison.curves[0].folders, ElementsAre(1, 2, 0)) << "by rising rate";
    EXPECT_EQ(comparison.anchor, 0U);
    ASSERT_EQ(comparison.comparisons.size(), 2U);
    for (const CurveComparison& row : comparison.comparisons) {
      EXPECT_EQ(row.images, 3U);
      if (interpolation == RateInterpolation::kCubic) {
        EXPECT_EQ(row.compared, 0U);
        EXPECT_FALSE(row.mean_bd_rate);
        EXPECT_THAT(row.refusal,
                    HasSubstr("a.png: the anchor has 3 of the 4 points that cubic needs"));
        continue;
      }
      double sum = 0;
      std::vector<std::vector<RatePoint>> means(2, std::vector<RatePoint>(3));
      for (std::size_t image = 0; image < 3; ++image) {
        std::vector<std::vector<RatePoint>> points(2);
        for (std::size_t folder = 0; folder < 6; ++folder) {
          const ComparedPair& pair = comparison.pairs[6 * image + folder];
          const RatePoint point{pair.bits_per_pixel, pair.scores[row.metric].value()};
          points[folder / 3].push_back(point);
          means[folder / 3][folder % 3].rate += point.rate / 3;
          means[folder / 3][folder % 3].quality += point.quality / 3;
        }
        sum += compare_rates(points[0], points[1], row.metric == 0).bd_rate.value();
      }
      EXPECT_EQ(row.compared, 3U);
      EXPECT_NEAR(row.mean_bd_rate.value(), sum / 3, 1e-9);
      EXPECT_LE(row.lowest_bd_rate, row.mean_bd_rate);
      EXPECT_GE(row.highest_bd_rate, row.mean_bd_rate);
      EXPECT_NEAR(row.of_means.bd_rate.value(),
                  compare_rates(means[0], means[1], row.metric == 0).bd_rate.value(), 1e-9);
    }
  }
}

TEST_F(CompareFolders, CurvesByNameAndByChoice) {
  options_.folders.resize(2);  // fine-q90, fine-q20
  fs::create_directory_symlink(folder_ / "fine-q90", folder_ / "link");
  options_.curves = {{"mine", {folder_ / "flat-q20", folder_ / "flat-q60/"}},
                     {"one", {folder_ / "flat-q90"}},
                     {"linked", {folder_ / "link"}}};
  options_.anchor = "mine";
  const FolderComparison comparison = compare();
  ASSERT_EQ(comparison.folders.size(), 5U);
  EXPECT_EQ(comparison.folders[4].name, "flat-q90");
  ASSERT_EQ(comparison.curves.size(), 4U);
  EXPECT_EQ(comparison.curves[0].name, "linked") << "fine-q90 by another path";
  EXPECT_EQ(comparison.curves[1].name, "fine");
  EXPECT_EQ(comparison.curves[2].name, "mine");
  EXPECT_EQ(comparison.anchor, 2U);
  ASSERT_EQ(comparison.comparisons.size(), 4U)
      << "a named curve is compared though it has one point";
  EXPECT_THAT(comparison.comparisons[2].refusal,
              HasSubstr("has 1 of the 2 points that pchip needs"));
  EXPECT_THAT(
      folder_comparison_table(comparison),
      HasSubstr("one, psnr: 0 of 3 images compared; a.png: the tested curve has 1 of the 2"));
}

TEST_F(CompareFolders, ACodecWithoutScoresIsNoAnchorUnlessItIsNamed) {
  for (const char* folder : {"broken-q1", "broken-q2"}) {
    fs::create_directories(folder_ / folder);
    write_file(folder_ / folder / "a.jpg", std::string_view("no image"));
    options_.folders.insert(options_.folders.begin(), folder_ / folder);
  }
  FolderComparison comparison = compare();
  ASSERT_TRUE(comparison.anchor);
  EXPECT_EQ(comparison.curves[*comparison.anchor].name, "fine");
  options_.anchor = "broken";
  comparison = compare();
  EXPECT_EQ(comparison.curves[*comparison.anchor].name, "broken");
  EXPECT_EQ(comparison.comparisons[0].refusal,
            "no image has a score in every folder of both curves");
}

TEST_F(CompareFolders, FoldersThatAreNoCurvesHaveNoBdRates) {
  put("denoised/a.png", photograph(5));
  put("sharpened/a.png", photograph(6));
  options_.folders = {folder_ / "denoised", folder_ / "sharpened"};
  const FolderComparison comparison = compare();
  EXPECT_FALSE(comparison.anchor);
  EXPECT_THAT(comparison.comparisons, IsEmpty());
  EXPECT_EQ(comparison.curves.size(), 2U);
}

TEST_F(CompareFolders, GoesOnAfterWhatFails) {
  write_file(folder_ / "fine-q20/a.jpg", std::string_view());
  write_file(folder_ / "fine-q60/b.jpg", std::string_view("no image"));
  put("flat-q20/b.jpg", Image(9, 9, 3));
  fs::remove(folder_ / "flat-q60/a.jpg");
  put("flat-q60/other.jpg", photograph(9));
  fs::create_directories(folder_ / "empty");
  put("strange/nobody.png", photograph(8));
  options_.folders.push_back(folder_ / "empty");
  options_.folders.push_back(folder_ / "strange");
  const FolderComparison comparison = compare();
  EXPECT_EQ(comparison.failed(), 3U);
  EXPECT_EQ(comparison.unmatched(), 4U);
  EXPECT_EQ(comparison.folders[1].images, 2U);
  EXPECT_EQ(comparison.folders[6].images, 0U);
  EXPECT_FALSE(comparison.folders[7].scores[0]);
  for (const char* said : {"fine-q20/a.jpg", "fine-q60/b.jpg", "sizes must match",
                           "a.png: no image of that name in", "other.jpg: no image of that name in",
                           "empty: ", "strange: none of its images has the name of one in"}) {
    EXPECT_THAT(failures_, Contains(HasSubstr(said)));
  }
  EXPECT_EQ(failures_.size(), 7U);
  // Only c has a score everywhere.
  EXPECT_EQ(comparison.comparisons[0].images, 1U);
}

TEST_F(CompareFolders, AReferenceThatCannotBeReadIsReportedOnce) {
  write_file(folder_ / "ref/b.png", std::string_view("no image"));
  const FolderComparison comparison = compare();
  EXPECT_EQ(comparison.failed(), 6U);
  EXPECT_THAT(failures_, ElementsAre(HasSubstr("ref/b.png")));
  for (const ComparedPair& pair : comparison.pairs) {
    EXPECT_EQ(pair.failures.size(), pair.reference == "b.png" ? 1U : 0U);
  }
}

TEST_F(CompareFolders, AMetricThatRefusesAnImageLeavesAGap) {
  put("ref/tiny.png", Image(4, 4, 3));
  put("fine-q20/tiny.png", Image(4, 4, 3));
  options_.folders = {folder_ / "fine-q20"};
  options_.metrics = {"psnr", "ssim"};
  const FolderComparison comparison = compare();
  EXPECT_EQ(comparison.incomplete(), 1U);
  EXPECT_EQ(comparison.folders[0].scores[0]->images, 4U);
  EXPECT_EQ(comparison.folders[0].scores[1]->images, 3U);
  EXPECT_TRUE(std::isinf(comparison.folders[0].scores[0]->mean)) << "tiny.png equals its reference";
  EXPECT_THAT(failures_, Contains(HasSubstr("ssim: ")));
}

TEST_F(CompareFolders, RefusesWhatMakesNoSense) {
  const auto refused = [&](const char* why) {
    EXPECT_THAT([&] { compare(); }, ThrowsMessage<InvalidArgument>(HasSubstr(why)));
  };
  const CompareFoldersOptions good = options_;
  options_.folders.push_back(folder_ / "ref/../fine-q20/");
  refused("stands twice among the folders");
  fs::create_directory_symlink(folder_ / "fine-q20", folder_ / "link");
  options_.folders.back() = folder_ / "link";
  refused("link: stands twice");
  options_ = good;
  options_.metrics = {"psnr", "psnr"};
  refused("psnr is asked for twice");
  options_.metrics = {"beauty"};
  refused("beauty");
  options_.metrics = {};
  refused("no metric");
  options_ = good;
  options_.anchor = "webp";
  refused("anchor 'webp' is not one of the curves fine, flat");
  options_ = good;
  options_.curves = {{"x", {folder_ / "fine-q20"}}, {"y", {folder_ / "fine-q20/"}}};
  refused("stands twice among the curves' folders");
  options_.curves = {{"x", {}}};
  refused("must have a name and a folder");
  options_ = good;
  options_.folders.clear();
  refused("no folder");
  options_.folders = {folder_ / "missing"};
  EXPECT_THAT([&] { compare(); },
              ThrowsMessage<IoError>(HasSubstr("missing: there is no such folder")));
  options_.folders = {folder_ / "ref/a.png"};
  EXPECT_THAT([&] { compare(); }, ThrowsMessage<IoError>(HasSubstr("a.png: not a folder")));
}

TEST_F(CompareFolders, WritesNothingWhereNothingWasScored) {
  put("strange/nobody.png", photograph(8));
  options_.folders = {folder_ / "strange"};
  options_.out = folder_ / "out";
  EXPECT_FALSE(compare().any_scored());
  EXPECT_FALSE(fs::exists(options_.out / "results.json"));
}

TEST_F(CompareFolders, FilesDoNotDependOnThreads) {
  std::vector<std::string> texts;
  for (const int threads : {1, 3}) {
    options_.threads = threads;
    options_.out = folder_ / fmt::format("out{}", threads);
    compare();
    texts.push_back(read_text_file(options_.out / "scores.csv"));
    texts.push_back(read_text_file(options_.out / "results.json"));
    EXPECT_FALSE(fs::exists(options_.out / "scores.journal"));
  }
  EXPECT_EQ(texts[0], texts[2]);
  EXPECT_EQ(texts[1], texts[3]);
}

TEST_F(CompareFolders, ContinuesAfterAStop) {
  options_.threads = 1;
  options_.out = folder_ / "whole";
  compare();
  options_.out = folder_ / "stopped";
  std::size_t done = 0;
  observer_.on_progress = [&](std::size_t pairs, std::size_t) { done = pairs; };
  observer_.stop_requested = [&] { return done >= 7; };
  const FolderComparison part = compare();
  EXPECT_TRUE(part.stopped);
  EXPECT_EQ(part.pairs.size(), 7U);
  EXPECT_TRUE(fs::exists(options_.out / "scores.journal"));
  EXPECT_FALSE(fs::exists(options_.out / "results.json"));
  const std::string journal = read_text_file(options_.out / "scores.journal");
  EXPECT_EQ(std::ranges::count(journal, '\n'), 1 + 7);
  observer_.stop_requested = {};
  observer_.on_progress = [&](std::size_t pairs, std::size_t total) {
    EXPECT_LE(pairs, total);
    done = pairs;
  };
  EXPECT_FALSE(compare().stopped);
  EXPECT_EQ(done, 18U);
  EXPECT_THAT(remarks_, IsEmpty());
  EXPECT_EQ(read_text_file(options_.out / "scores.csv"),
            read_text_file(folder_ / "whole/scores.csv"));
  EXPECT_FALSE(fs::exists(options_.out / "scores.journal"));
}

TEST_F(CompareFolders, ScoresAgainWhatHasChangedSinceAStop) {
  options_.threads = 1;
  options_.out = folder_ / "out";
  std::size_t done = 0;
  observer_.on_progress = [&](std::size_t pairs, std::size_t) { done = pairs; };
  observer_.stop_requested = [&] { return done >= 7; };
  compare();
  observer_.stop_requested = {};
  put("fine-q90/a.jpg", photograph(0), 30);
  const FolderComparison comparison = compare();
  EXPECT_THAT(remarks_, Contains(HasSubstr("1 pairs that were scored are scored again")));
  options_.out.clear();
  EXPECT_EQ(comparison.pairs[0].scores, compare().pairs[0].scores);
}

TEST_F(CompareFolders, KeepsNamesOfAllKinds) {
  const std::string odd = "x,\"y\"\n<b>\xFF";
  put("ref/" + odd + ".png", photograph(3));
  put("o,dd-q1/" + odd + ".png", photograph(4));
  put("fine-q20/" + odd + ".png", photograph(3));
  options_.folders = {folder_ / "o,dd-q1", folder_ / "fine-q20"};
  options_.out = folder_ / "out";
  compare();
  const std::string text = read_text_file(options_.out / "scores.csv");
  CsvTable table(text, "scores.csv");
  bool infinite = false;
  bool found = false;
  while (table.next()) {
    if (table.text(table.column("reference")) == odd + ".png") {
      found = found || table.text(table.column("folder")) == "o,dd-q1";
      infinite = infinite || table.text(table.column("psnr")) == "inf";
    }
  }
  EXPECT_TRUE(found);
  EXPECT_TRUE(infinite) << "of equal images";
  const nlohmann::json results =
      parse_json(read_text_file(options_.out / "results.json"), "results");
  EXPECT_EQ(results["kind"], "folder-comparison");
  EXPECT_EQ(from_utf8(results["folders"][0]["scores"][0]["worst_image"].get<std::string>()),
            odd + ".png");
  EXPECT_TRUE(results["folders"][1]["scores"][0]["mean"].is_null()) << "infinite";
  EXPECT_FALSE(results["folders"][1]["scores"][0]["median"].is_null());
  for (const auto& folder : results["folders"]) {
    for (const auto& scores : folder["scores"]) {
      const auto like =
          quality_equivalent(scores["metric"].get<std::string>(), scores["median"].get<double>());
      EXPECT_EQ(scores["median_equivalent"]["jpeg_quality"], like->jpeg_quality);
      EXPECT_EQ(scores["median_equivalent"]["impairment"], impairment_name(like->impairment));
      EXPECT_EQ(scores["median_equivalent"]["text"], equivalent_text(*like));
    }
  }
}

}  // namespace
}  // namespace gradspace
