// `--fast-decode`, from training to scores: what learned by fast decoding is used by it, and by nothing else.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/detector.h"
#include "gradspace/feature_set.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FastDecode : public ::testing::Test {
 protected:
  FastDecode() {
    for (int i = 0; i < 12; ++i) {
      for (const char* set : {"clean", "other"}) {
        fs::create_directories(folder_ / set);
        const Image image = photograph(static_cast<std::uint64_t>(i), *set == 'o');
        write_image(folder_ / set / fmt::format("{:02}.jpg", i), image);
      }
    }
  }

  static Image photograph(std::uint64_t seed, bool coarse) {
    Random random(seed);
    Image image(160, 140, 3);
    for (std::size_t i = 0; i < image.pixels().size(); ++i) {
      const bool again = coarse && i % 12 != 0;
      image.pixels()[i] =
          again ? image.pixels()[i - 1] : static_cast<std::uint8_t>(random.below(256));
    }
    return image;
  }

  /// The exit status; what is printed and what goes wrong are kept. Runs in the folder.
  int run(const std::string& arguments) {
    const auto output = testing::run_shell(fmt::format(
        "cd {} && {} {} 2>stderr", folder_.path().string(), GRADSPACE_COMMAND, arguments));
    printed_ = output.text;
    errors_ = read_text_file(folder_ / "stderr");
    return WEXITSTATUS(output.status);
  }

  /// Model, feature sets and detector; their names begin with `prefix`.
  void learn(const std::string& prefix, const std::string& option) {
    ASSERT_EQ(
        run(fmt::format("train --data clean --out {}m --epochs 1 --quiet {}", prefix, option)), 0)
        << errors_;
    for (const char* set : {"clean", "other"}) {
      ASSERT_EQ(run(fmt::format("extract --model {}m --data {} --out {}{} --quiet", prefix, set,
                                prefix, set)),
                0)
          << errors_;
    }
    ASSERT_EQ(
        run(fmt::format("fit --inliers {}clean --outliers {}other --out {}d --epochs 2 --quiet",
                        prefix, prefix, prefix)),
        0)
        << errors_;
  }

  std::string scores(const std::string& model, const std::string& detector,
                     const std::string& options = "") {
    EXPECT_EQ(run(fmt::format("score --model {} --detector {} --format csv {} clean", model,
                              detector, options)),
              0)
        << errors_;
    return printed_.substr(std::min(printed_.find("clean/"), printed_.size()));
  }

  /// One line that holds the text, and nothing written.
  void expect_refused(const std::string& arguments, int status, const std::string& text) {
    EXPECT_EQ(run(arguments), status) << arguments;
    EXPECT_THAT(errors_, HasSubstr(text)) << arguments;
    EXPECT_EQ(std::ranges::count(errors_, '\n'), 1) << errors_;
    EXPECT_FALSE(fs::exists(folder_ / "new")) << arguments;
  }

  testing::TemporaryFolder folder_;
  std::string printed_;
  std::string errors_;
};

TEST_F(FastDecode, IsRecordedAndFollowed) {
  learn("fast-", "--fast-decode");
  EXPECT_EQ(decoding_in(read_model(folder_ / "fast-m").metadata), Decoding::kFast);
  EXPECT_EQ(FeatureSet(folder_ / "fast-clean").meta().decoding, Decoding::kFast);
  EXPECT_EQ(decoding_in(read_detector(folder_ / "fast-d").metadata), Decoding::kFast);
  const std::string fast = scores("fast-m", "fast-d");
  EXPECT_EQ(scores("fast-m", "fast-d", "--fast-decode"), fast);

  // Weights that were learned by exact decoding, but of files that are read fast: the scores are others.
  Model model = read_model(folder_ / "fast-m");
  record_decoding(Decoding::kExact, model.metadata);
  write_model(folder_ / "exact-m", model);
  Detector detector = read_detector(folder_ / "fast-d");
  record_decoding(Decoding::kExact, detector.metadata);
  detector.model_sha256 = fingerprint(model);
  write_detector(folder_ / "exact-d", detector);
  EXPECT_NE(scores("exact-m", "exact-d"), fast);
}

TEST_F(FastDecode, IsRefusedWhereItIsNotWhatWasLearnedBy) {
  learn("exact-", "");
  EXPECT_EQ(decoding_in(read_model(folder_ / "exact-m").metadata), Decoding::kExact);
  const std::string text = "is for images of exact decoding, which --fast-decode is not";
  expect_refused("extract --model exact-m --data clean --out new --quiet --fast-decode", 1,
                 "exact-m: " + text);
  expect_refused("score --model exact-m --detector exact-d --fast-decode clean", 1,
                 "exact-d: " + text);
  expect_refused("drift --model exact-m --detector exact-d --fast-decode --window 2 clean", 1,
                 "exact-d: " + text);
  expect_refused(
      "evaluate --model exact-m --detector exact-d --inliers clean --outliers other --out results "
      "--fast-decode",
      1, "exact-d: " + text);
  expect_refused("fit --inliers exact-clean --outliers exact-other --out new --fast-decode", 1,
                 "exact-clean: " + text);
  expect_refused("fit --method elbo --model exact-m --data clean --out new --fast-decode", 1,
                 "exact-m: " + text);

  // A detector, and a feature set, of fast decoding beside a model of exact decoding.
  Detector detector = read_detector(folder_ / "exact-d");
  record_decoding(Decoding::kFast, detector.metadata);
  write_detector(folder_ / "fast-d", detector);
  expect_refused("score --model exact-m --detector fast-d clean", 1,
                 "the detector was fitted to images of fast decoding, but the model was trained on "
                 "images of exact decoding");
  expect_refused(
      "evaluate --detector fast-d --inliers exact-clean --outliers exact-other --out results", 1,
      "the features are of images of exact decoding, but the detector is for "
      "images of fast decoding");
}

TEST_F(FastDecode, DoesNotGoWithTilesOrExperiments) {
  expect_refused("train --data clean --tiles 28x28 --out new --fast-decode", 2, "--fast-decode");
  expect_refused("fit --data clean --tiles 28x28 --out new --fast-decode", 2,
                 "fit: --fast-decode does not go with tiles");
  ASSERT_EQ(run("train --data clean --out m --epochs 1 --quiet --fast-decode"), 0) << errors_;
  expect_refused("extract --model m --data clean --tiles 28x28 --out new --quiet", 1,
                 "extract: the model was trained on images of fast decoding");
  expect_refused("extract --model m --data clean --tiles 28x28 --out new --fast-decode", 2,
                 "--fast-decode");
  expect_refused("fit --method photograph-gradients --model m --data clean --out new --quiet", 1,
                 "fit: the model was trained on images of fast decoding");
  expect_refused("experiment one-class --data clean --model m --out new", 1,
                 "experiment: the model was trained on images of fast decoding");
}

TEST_F(FastDecode, OfADetectorWithoutAModelIsItsOwn) {
  for (const char* option : {"", "--fast-decode"}) {
    ASSERT_EQ(
        run(fmt::format("fit --method image-statistics --data clean --false-alarms 0.4 --size "
                        "16x16 --out d --quiet {}",
                        option)),
        0)
        << errors_;
    EXPECT_EQ(decoding_in(read_detector(folder_ / "d").metadata),
              *option == '-' ? Decoding::kFast : Decoding::kExact);
  }
  EXPECT_EQ(run("score --detector d --format csv --fast-decode clean"), 0) << errors_;
}

TEST_F(FastDecode, IsNotTakenForTheSameTraining) {
  ASSERT_EQ(run("train --data clean --out m --epochs 1 --quiet --fast-decode"), 0) << errors_;
  ASSERT_EQ(run("train --data clean --out m --epochs 1 --quiet --resume"), 0) << errors_;
  EXPECT_EQ(decoding_in(read_model(folder_ / "m").metadata), Decoding::kExact);
}

}  // namespace
}  // namespace gradspace
