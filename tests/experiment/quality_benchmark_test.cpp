#include "gradspace/research/quality_benchmark.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/csv_table.h"
#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

Image textured(std::uint64_t seed) {
  Random random(seed);
  Image image(48, 48, 3);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(60 + random.below(120));
  }
  return image;
}

Image noisy(Image image, int strength, std::uint64_t seed) {
  Random random(seed);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(std::clamp(
        sample + static_cast<int>(random.below(2U * static_cast<unsigned>(strength) + 1)) -
            strength,
        0, 255));
  }
  return image;
}

Image darker(Image image, int steps) {
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(sample - steps);
  }
  return image;
}

/// Two references, each with noise and darkening in five strengths that people dislike more and more.
class QualityBenchmark : public ::testing::Test {
 protected:
  void SetUp() override {
    list_ = "reference,distorted,score,type,std\n";
    for (int r = 0; r < 2; ++r) {
      const Image reference = textured(static_cast<std::uint64_t>(r));
      write_image(folder_ / fmt::format("ref{}.png", r), reference);
      for (int s = 1; s <= 5; ++s) {
        add(r, fmt::format("r{}_noise{}.png", r, s), noisy(reference, 8 * s, 7), "noise", s);
        add(r, fmt::format("r{}_dark{}.png", r, s), darker(reference, 8 * s), "darkening", s);
      }
    }
    save_list();
    options_.database = "csv";
    options_.path = folder_ / "list.csv";
    options_.out = folder_ / "out";
    options_.metrics = {"psnr", "ssim"};
    options_.agreement.resamples = 50;
  }

  void add(int reference, const std::string& name, const Image& image, const char* type,
           int strength) {
    write_image(folder_ / name, image);
    list_ += fmt::format("ref{}.png,{},{},{},0.5\n", reference, name, 6 - strength, type);
  }

  void save_list() const { write_file(folder_ / "list.csv", list_); }

  json results() const { return json::parse(read_text_file(options_.out / "results.json")); }

  testing::TemporaryFolder folder_;
  std::string list_;
  QualityBenchmarkOptions options_;
};

const QualitySummaryRow& row_of(const QualityBenchmarkResult& result, const std::string& metric,
                                const std::string& type) {
  return *std::find_if(
      result.summary.begin(), result.summary.end(),
      [&](const QualitySummaryRow& row) { return row.metric == metric && row.type == type; });
}

TEST_F(QualityBenchmark, JudgesInAllAndByType) {
  const QualityBenchmarkResult result = run_quality_benchmark(options_);
  EXPECT_EQ(result.pairs, 20U);
  EXPECT_EQ(result.failures, 0U);
  ASSERT_EQ(result.summary.size(), 6U);
  // Of one type the stronger one is worse by PSNR, and equal strengths differ by rounding alone.
  EXPECT_GT(row_of(result, "psnr", "noise").agreement.srocc->value, 0.97);
  EXPECT_EQ(row_of(result, "psnr", "noise").agreement.n, 10U);
  EXPECT_LT(row_of(result, "psnr", "all").agreement.srocc->value,
            row_of(result, "psnr", "noise").agreement.srocc->value);
  EXPECT_TRUE(row_of(result, "ssim", "all").agreement.outlier_ratio);

  const std::string text = read_text_file(options_.out / "scores.csv");
  CsvTable table(text, "scores.csv");
  EXPECT_THAT(table.columns(),
              ::testing::ElementsAre("reference", "distorted", "type", "opinion", "psnr", "ssim"));
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.text(1), "r0_noise1.png");
  EXPECT_EQ(table.number(3), 5);
  EXPECT_GT(table.number(4), 30);

  const json saved = results();
  EXPECT_EQ(saved["summary"].size(), 6U);
  EXPECT_EQ(saved["summary"][0]["metric"], "psnr");
  EXPECT_EQ(saved["summary"][0]["type"], "all");
  EXPECT_EQ(saved["summary"][0]["srocc"], row_of(result, "psnr", "all").agreement.srocc->value);
  EXPECT_EQ(saved["options"]["database"], "csv");
  EXPECT_EQ(saved["options"]["pairs"], 20);
  EXPECT_FALSE(std::filesystem::exists(options_.out / "scores.journal"));
  const std::string shown = quality_benchmark_table(result);
  EXPECT_THAT(shown, HasSubstr("SROCC by type"));
  EXPECT_THAT(shown, HasSubstr("darkening"));
}

TEST_F(QualityBenchmark, ASmallerScoreThatMeansBetterAgreesAsWell) {
  options_.metrics = {"gmsd", "psnr"};
  const QualityBenchmarkResult result = run_quality_benchmark(options_);
  EXPECT_GT(row_of(result, "gmsd", "noise").agreement.srocc->value, 0.9);
  EXPECT_GT(row_of(result, "gmsd", "noise").agreement.krocc->value, 0.8);
  EXPECT_GT(row_of(result, "gmsd", "noise").agreement.plcc->value, 0.9);
  EXPECT_GT(row_of(result, "psnr", "noise").agreement.srocc->value, 0.9);
  options_.larger_is_better = false;
  EXPECT_LT(row_of(run_quality_benchmark(options_), "gmsd", "noise").agreement.srocc->value, -0.9);
}

TEST_F(QualityBenchmark, ComparesMetricsOnTheImagesThatAllOfThemScored) {
  options_.metrics = {"psnr", "gmsd", "gradient"};
  write_image(folder_ / "r0_noise1.png", Image(48, 48, 3));  // gradient refuses it
  const QualityBenchmarkResult result = run_quality_benchmark(options_);
  ASSERT_EQ(result.differences.size(), 3U);
  for (const QualityDifference& row : result.differences) {
    EXPECT_EQ(row.n, 19U);
  }
  const QualityDifference& row = result.differences.front();
  EXPECT_EQ(row.first, "psnr");
  EXPECT_EQ(row.second, "gmsd");
  const json saved = results();
  EXPECT_EQ(saved["differences"][0]["second"], "gmsd");
  EXPECT_EQ(saved["differences"][0]["srocc"], row.difference.srocc->value);
  EXPECT_EQ(saved["differences"][0]["p"], *row.difference.p);
  EXPECT_THAT(saved["left_out"].dump(), HasSubstr("r0_noise1.png: all its patches"));

  // Smaller is better by gmsd: without the image that is left out, the difference is that of both correlations.
  list_.erase(list_.find("ref0.png,r0_noise1"),
              std::string("ref0.png,r0_noise1.png,5,noise,0.5\n").size());
  save_list();
  options_.metrics = {"psnr", "gmsd"};
  options_.out = folder_ / "without";
  const QualityBenchmarkResult without = run_quality_benchmark(options_);
  EXPECT_EQ(without.differences.front().difference.srocc->value, row.difference.srocc->value);
  EXPECT_NEAR(row_of(without, "psnr", "all").agreement.srocc->value -
                  row_of(without, "gmsd", "all").agreement.srocc->value,
              row.difference.srocc->value, 1e-12);
  EXPECT_THAT(quality_benchmark_table(without), HasSubstr("p (Williams)"));
}

TEST_F(QualityBenchmark, NoMetricIsBestWhereAllOpinionsAreEqual) {
  list_ = "reference,distorted,score\n";
  for (int s = 1; s <= 4; ++s) {
    list_ += fmt::format("ref0.png,r0_noise{}.png,3\n", s);
  }
  save_list();
  const QualityBenchmarkResult result = run_quality_benchmark(options_);
  EXPECT_FALSE(row_of(result, "psnr", "all").agreement.srocc);
  EXPECT_THAT(quality_benchmark_table(result), Not(HasSubstr("difference of SROCC")));
  EXPECT_TRUE(results()["differences"][0]["srocc"].is_null());
}

TEST_F(QualityBenchmark, ContinuesAfterAStopToTheSameResults) {
  run_quality_benchmark(options_);
  const std::string whole = read_text_file(options_.out / "results.json");
  const std::string scores = read_text_file(options_.out / "scores.csv");

  std::size_t last = 0;
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t) { last = done; };
  observer.stop_requested = [&] { return last >= 4; };
  const QualityBenchmarkResult stopped = run_quality_benchmark(options_, observer);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_GE(stopped.pairs, 4U);
  EXPECT_LT(stopped.pairs, 20U);
  // As a kill in the middle of a line leaves it.
  const std::filesystem::path journal = options_.out / "scores.journal";
  write_file(journal, read_text_file(journal) + "[19,3");

  std::size_t first = 0;
  observer.on_progress = [&](std::size_t done, std::size_t) { first = first == 0 ? done : first; };
  observer.stop_requested = {};
  EXPECT_FALSE(run_quality_benchmark(options_, observer).stopped);
  EXPECT_EQ(first, stopped.pairs + 1);
  EXPECT_EQ(read_text_file(options_.out / "results.json"), whole);
  EXPECT_EQ(read_text_file(options_.out / "scores.csv"), scores);
}

TEST_F(QualityBenchmark, ScoresAgainThePairsWhoseImagesHaveChanged) {
  JobObserver observer;
  std::size_t done = 0;
  observer.on_progress = [&](std::size_t now, std::size_t) { done = now; };
  observer.stop_requested = [&] { return done >= 15; };
  ASSERT_TRUE(run_quality_benchmark(options_, observer).stopped);
  write_image(folder_ / "ref0.png", textured(77));
  std::vector<std::string> remarks;
  observer.stop_requested = {};
  observer.on_remark = [&](std::string_view line) { remarks.emplace_back(line); };
  run_quality_benchmark(options_, observer);
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_THAT(remarks.front(), HasSubstr("scored again: their images have changed"));
  const std::string scores = read_text_file(options_.out / "scores.csv");
  options_.out = folder_ / "fresh";
  run_quality_benchmark(options_);
  EXPECT_EQ(read_text_file(options_.out / "scores.csv"), scores);
}

TEST_F(QualityBenchmark, ListsWhatItCannotScoreAndJudgesTheRest) {
  write_file(folder_ / "r0_noise1.png", std::string_view("no image"));
  write_image(folder_ / "r1_dark2.png", Image(47, 48, 3));
  std::filesystem::remove(folder_ / "r1_noise3.png");
  std::filesystem::copy_file(folder_ / "ref0.png", folder_ / "r0_dark1.png",
                             std::filesystem::copy_options::overwrite_existing);
  std::vector<std::string> reasons;
  JobObserver observer;
  observer.on_failure = [&](std::string_view reason) { reasons.emplace_back(reason); };
  const QualityBenchmarkResult result = run_quality_benchmark(options_, observer);
  EXPECT_EQ(result.listed, 20U);
  EXPECT_EQ(result.pairs, 17U);
  EXPECT_EQ(result.failures, 3U);
  EXPECT_EQ(result.left_out, reasons);
  EXPECT_THAT(reasons, ::testing::UnorderedElementsAre(HasSubstr("r1_noise3.png"),
                                                       HasSubstr("r0_noise1.png"),
                                                       HasSubstr("r1_dark2.png")));
  // PSNR of equal images is infinite: a gap, and no part of the figures.
  EXPECT_EQ(row_of(result, "psnr", "all").agreement.n, 16U);
  EXPECT_EQ(row_of(result, "ssim", "all").agreement.n, 17U);
  EXPECT_THAT(read_text_file(options_.out / "scores.csv"), HasSubstr("darkening,5,,1\n"));
}

TEST_F(QualityBenchmark, AMetricThatRefusesAPairLeavesTheOthersTheirs) {
  options_.metrics = {"gradient", "psnr"};
  write_image(folder_ / "r0_noise1.png", Image(48, 48, 3));
  std::vector<std::string> reasons;
  JobObserver observer;
  observer.on_failure = [&](std::string_view reason) { reasons.emplace_back(reason); };
  const QualityBenchmarkResult result = run_quality_benchmark(options_, observer);
  EXPECT_EQ(result.pairs, 20U);
  EXPECT_EQ(result.incomplete, 1U);
  EXPECT_THAT(reasons,
              ::testing::ElementsAre(HasSubstr("gradient: r0_noise1.png: all its patches")));
  EXPECT_EQ(row_of(result, "gradient", "all").agreement.n, 19U);
  EXPECT_EQ(row_of(result, "psnr", "all").agreement.n, 20U);
  EXPECT_THAT(read_text_file(options_.out / "scores.csv"), HasSubstr("r0_noise1.png,noise,5,,"));
}

TEST_F(QualityBenchmark, TurnsTheSignForDifferenceScores) {
  const double before =
      row_of(run_quality_benchmark(options_), "ssim", "all").agreement.srocc->value;
  options_.larger_is_better = false;
  EXPECT_EQ(row_of(run_quality_benchmark(options_), "ssim", "all").agreement.srocc->value, -before);
}

TEST_F(QualityBenchmark, RefusesUnknownMetricsBeforeItScores) {
  options_.metrics = {"psnr", "beauty"};
  EXPECT_THROW(run_quality_benchmark(options_), InvalidArgument);
  options_.metrics = {"psnr", "psnr"};
  EXPECT_THROW(run_quality_benchmark(options_), InvalidArgument);
  options_.metrics = {};
  EXPECT_THROW(run_quality_benchmark(options_), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
