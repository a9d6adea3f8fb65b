// A model of several autoencoders from training to verdicts, as people call it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "core/csv_table.h"
#include "core/file.h"
#include "gradspace/detector.h"
#include "gradspace/feature_set.h"
#include "gradspace/fit.h"
#include "gradspace/model.h"
#include "support/python.h"
#include "support/striped_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

class MembersCommand : public ::testing::Test {
 protected:
  MembersCommand() {
    write_stripes("clean", 0, 60);
    write_stripes("other", 1, 60);
  }

  void write_stripes(const std::string& name, int object_class, std::uint64_t count) const {
    fs::create_directories(folder_ / name);
    for (std::uint64_t i = 0; i < count; ++i) {
      write_image(folder_ / name / fmt::format("{:03}.png", i),
                  to_rgb(testing::striped_image(object_class, i)));
    }
  }

  testing::ScriptOutput run(const std::string& arguments) const {
    return testing::run_shell(fmt::format("cd {} && {} {} 2>stderr", folder_.path().string(),
                                          GRADSPACE_COMMAND, arguments));
  }
  void succeed(const std::string& arguments) const {
    ASSERT_EQ(run(arguments).status, 0) << arguments << "\n" << read_text_file(folder_ / "stderr");
  }
  int status(const std::string& arguments) const { return WEXITSTATUS(run(arguments).status); }
  void train(const std::string& options) const {
    succeed("train --data clean --epochs 2 --batch 16 --seed 3 --hold-out random " + options);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(MembersCommand, FromTrainingToVerdicts) {
  train("--members 2 --out m");
  train("--out one");
  const Model model = read_model(folder_ / "m");
  ASSERT_EQ(model.members(), 2U);
  EXPECT_EQ(fingerprint(member_of(model, 0)), fingerprint(read_model(folder_ / "one")));
  EXPECT_FALSE(fs::exists(folder_ / "m.checkpoint"));

  succeed("extract --model m --data clean --out in");
  succeed("extract --model m --data other --out out");
  EXPECT_EQ(FeatureSet(folder_ / "in").dimension(), 2U * 1872);
  succeed("fit --inliers in --outliers out --epochs 3 --two-sided --false-alarms 0.2 --out d");
  const Detector detector = read_detector(folder_ / "d");
  EXPECT_EQ(detector.members, 2U);
  EXPECT_FALSE(detector.two_sided.empty());

  const testing::ScriptOutput scored = run("score --model m --detector d --format jsonl clean");
  ASSERT_EQ(scored.status, 0);
  const FeatureSet clean(folder_ / "in");
  const std::vector<double> of_features = detector_scores(detector, clean, "in");
  std::istringstream lines(scored.text);
  std::string line;
  std::size_t row = 0;
  while (std::getline(lines, line)) {
    const auto verdict = nlohmann::json::parse(line);
    if (!verdict.contains("score")) {
      continue;  // the line of what was asked for
    }
    EXPECT_NEAR(verdict.at("score").get<double>(), of_features.at(row), 1e-6);
    EXPECT_NEAR(verdict.at("bce").get<double>(), clean.index_row(row).bce, 1e-2);
    ++row;
  }
  EXPECT_EQ(row, 60U);
}

TEST_F(MembersCommand, AOneClassMethodLooksAtAll) {
  train("--members 2 --out m");
  succeed("fit --method spectral-fisher --model m --data clean --false-alarms 0.2 --out d");
  EXPECT_EQ(read_detector(folder_ / "d").members, 2U);
  succeed("score --model m --detector d other");
  succeed("fit --method image-statistics --model m --data clean --false-alarms 0.2 --out pixels");
  EXPECT_EQ(read_detector(folder_ / "pixels").members, 1U);  // each member would see the same
}

TEST_F(MembersCommand, RefusesWhatDoesNotGoWithMembers) {
  train("--members 2 --out m");
  EXPECT_EQ(status("train --objective gradcon --members 2 --data clean --out g"), 1);
  EXPECT_EQ(status("train --members 65 --data clean --out g"), 2);
  EXPECT_EQ(status("fit --method spectral-fisher --two-sided --model m --data clean --out d"), 2);
  EXPECT_FALSE(fs::exists(folder_ / "d"));
}

}  // namespace
}  // namespace gradspace
