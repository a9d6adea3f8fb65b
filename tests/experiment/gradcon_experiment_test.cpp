#include "gradspace/research/gradcon_experiment.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/metrics.h"
#include "gradspace/report.h"
#include "results/gradcon_scores.h"
#include "support/striped_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::size_t kEach = 110;  // of a class: 66 to train on, 22 to validate, 22 to test

void append_big_endian(std::string& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(value >> shift & 0xFFU));
  }
}

/// An IDX pair of striped images, classes 0 and 1 in turn.
void write_idx(const std::filesystem::path& folder, const std::string& set, std::size_t each,
               std::uint64_t seed) {
  std::string images;
  std::string labels;
  append_big_endian(images, 0x803);
  append_big_endian(labels, 0x801);
  append_big_endian(images, static_cast<std::uint32_t>(2 * each));
  append_big_endian(labels, static_cast<std::uint32_t>(2 * each));
  append_big_endian(images, testing::kSide);
  append_big_endian(images, testing::kSide);
  for (std::size_t i = 0; i < 2 * each; ++i) {
    const int object_class = static_cast<int>(i % 2);
    const Image image = testing::striped_image(object_class, combine(seed, i));
    images.append(image.pixels().begin(), image.pixels().end());
    labels.push_back(static_cast<char>(object_class));
  }
  write_file(folder / (set + "-images-idx3-ubyte"), std::string_view(images));
  write_file(folder / (set + "-labels-idx1-ubyte"), std::string_view(labels));
}

/// The scores on disk give the metrics again, and pictures of both kinds of mistakes are there.
void expect_scores_to_give(const ExperimentResult& result, const std::filesystem::path& out) {
  for (const ResultRow& row : result.results.rows) {
    const std::filesystem::path folder = out / gradcon_folder_name(row.type, 0);
    const GradConImages images = read_gradcon_scores(folder / "image_scores.csv", row.type);
    EXPECT_EQ(images.validation.size(), 22U);
    const auto scores = [&](const std::vector<GradConImage>& list) {
      return gradcon_method_scores(row.method, scores_of(list));
    };
    EXPECT_EQ(detection_metrics(scores(images.inliers), scores(images.outliers), 0).auroc,
              row.metrics.auroc);
    const Image strip = read_image(folder / "samples" / "out_5.png");
    EXPECT_EQ(strip.width(), 3 * testing::kSide);
    EXPECT_TRUE(std::filesystem::exists(folder / "samples" / "in_5.png"));
  }
}

class GradConExperiment : public ::testing::Test {
 protected:
  GradConExperiment() {
    std::filesystem::create_directory(folder_ / "data");
    write_idx(folder_ / "data", "train", kEach - 20, 1);
    write_idx(folder_ / "data", "t10k", 20, 2);
    options_.data = folder_ / "data";
    options_.out = folder_ / "out";
    options_.training.epochs = 18;
    options_.training.batch = 8;
    options_.training.learning_rate = 2e-3;
    options_.gradcon.alignment = 0.003;
  }

  testing::TemporaryFolder folder_;
  GradConExperimentOptions options_;
};

TEST_F(GradConExperiment, JudgesEveryClassAgainstTheOthersAndContinues) {
  ExperimentObserver observer;
  int steps = 0;
  observer.stop_requested = [&] { return ++steps == 190; };  // class 1 is under way
  const ExperimentResult stopped = run_gradcon_experiment(options_, observer);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.results.rows.size(), 3U);
  if (can_write_report()) {
    EXPECT_THAT(read_text_file(folder_ / "out" / "report.html"),
                HasSubstr("of 2 detectors (2 classes, 1 run) 1 is"));
  }

  std::vector<std::string> begun;
  observer.stop_requested = {};
  observer.on_stage = [&](std::string_view stage, bool) { begun.emplace_back(stage); };
  const ExperimentResult result = run_gradcon_experiment(options_, observer);
  EXPECT_FALSE(result.stopped);
  EXPECT_THAT(begun, ::testing::ElementsAre("run 0: train class 0", "run 0: judge class 0",
                                            "run 0: train class 1", "run 0: judge class 1"));
  ASSERT_EQ(result.results.rows.size(), 6U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(result.results.rows[i].metrics.auroc, stopped.results.rows[i].metrics.auroc);
  }
  for (const ResultRow& row : result.results.rows) {
    EXPECT_EQ(row.metrics.n_in, 22U);
    EXPECT_EQ(row.metrics.n_out, 22U);
    if (row.method == "gradcon") {
      // Standing against lying stripes: not hard.
      EXPECT_GT(row.metrics.auroc, 0.7) << row.type;
    }
  }
  EXPECT_THAT(read_text_file(folder_ / "out" / "results.csv"),
              AllOf(HasSubstr("method,class,run,best_epoch,accuracy,auroc"),
                    HasSubstr("\nreconstruction,1,0,")));
  // Where all is trained already a stop is asked for between the classes.
  observer.stop_requested = [] { return true; };
  EXPECT_TRUE(run_gradcon_experiment(options_, observer).stopped);
  // What reads other experiments' results reads these.
  EXPECT_EQ(read_results(folder_ / "out" / "results.json").rows.size(), 6U);
  EXPECT_NO_THROW(read_model(folder_ / "out" / "class_1_run_0" / "detector.safetensors"));
  EXPECT_EQ(read_detector(folder_ / "out" / "class_1_run_0" / "detector.safetensors").method,
            "gradcon");
  expect_scores_to_give(result, options_.out);
  const std::string table = results_table(result.results);
  EXPECT_THAT(table, AllOf(HasSubstr("gradcon"), HasSubstr("mean")));
}

TEST_F(GradConExperiment, TrainsAnewWhereImagesHaveChangedAndSaysWhy) {
  options_.training.epochs = 2;
  run_gradcon_experiment(options_);
  write_idx(folder_ / "data", "train", kEach - 20, 3);
  std::vector<std::string> reasons;
  ExperimentObserver observer;
  observer.on_made_anew = [&](std::string_view stage, std::string_view why) {
    reasons.push_back(fmt::format("{}: {}", stage, why));
  };
  run_gradcon_experiment(options_, observer);
  ASSERT_EQ(reasons.size(), 2U);
  EXPECT_THAT(reasons[0], AllOf(HasSubstr("run 0: train class 0: "), HasSubstr("train_sha256 is")));
  const std::string results = read_text_file(options_.out / "results.csv");
  reasons.clear();
  run_gradcon_experiment(options_, observer);
  EXPECT_TRUE(reasons.empty());
  options_.out = folder_ / "fresh";
  run_gradcon_experiment(options_);
  EXPECT_EQ(read_text_file(options_.out / "results.csv"), results);
}

TEST_F(GradConExperiment, SaysWhatIsWrong) {
  options_.classes = {7};
  EXPECT_THAT([&] { run_gradcon_experiment(options_); },
              ThrowsMessage<InvalidArgument>(HasSubstr("has no images of class 7")));
  options_.classes = {};
  options_.runs = 0;
  EXPECT_THAT([&] { run_gradcon_experiment(options_); },
              ThrowsMessage<InvalidArgument>(HasSubstr("runs 0: must be 1 or more")));
  options_.runs = 1;
  std::filesystem::create_directory(folder_ / "few");
  write_idx(folder_ / "few", "train", 9, 1);
  options_.data = folder_ / "few";
  EXPECT_THAT([&] { run_gradcon_experiment(options_); },
              ThrowsMessage<InvalidArgument>(HasSubstr("class 0 has 9 images; at least 100")));
}

}  // namespace
}  // namespace gradspace
