// `gradspace gradcon` as a process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/file.h"
#include "gradspace/gradcon.h"
#include "support/python.h"
#include "support/striped_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

class GradConCommand : public ::testing::Test {
 protected:
  GradConCommand() {
    for (const int object_class : {0, 1}) {
      const auto pictures = folder_ / std::to_string(object_class);
      std::filesystem::create_directory(pictures);
      for (std::uint64_t i = 0; i < 100; ++i) {
        write_image(pictures / (std::to_string(100 + i) + ".png"),
                    testing::striped_image(object_class, i));
      }
    }
  }

  auto run(const std::string& arguments) const {
    return testing::run_shell(fmt::format("cd '{}' && '{}' {} 2>&1", folder_.path().string(),
                                          GRADSPACE_COMMAND, arguments));
  }

  /// The scores of a command's JSON lines by path.
  std::map<std::string, nlohmann::json> scores(const std::string& arguments) const {
    const auto scored = run(arguments + " --format jsonl");
    EXPECT_EQ(scored.status, 0) << scored.text;
    std::map<std::string, nlohmann::json> scores;
    std::istringstream lines(scored.text);
    std::string line;
    std::getline(lines, line);  // the options
    while (std::getline(lines, line)) {
      const auto score = nlohmann::json::parse(line);
      scores[score.at("path")] = score;
    }
    return scores;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(GradConCommand, TrainsAndScores) {
  const auto trained =
      run("gradcon train --data 0 --val 0 --out d --epochs 16 --batch 8 --lr 2e-3 --alignment "
          "0.003 --quiet");
  ASSERT_EQ(trained.status, 0) << trained.text;
  EXPECT_THAT(trained.text, HasSubstr("d: best epoch "));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "d.checkpoint"));

  const auto scored = run("gradcon score --model d 0 1 --format jsonl");
  ASSERT_EQ(scored.status, 0) << scored.text;
  std::istringstream lines(scored.text);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::json::parse(line).at("options").at("gradient_weight"), 0.12);
  int found = 0;
  int false_alarms = 0;
  int count = 0;
  while (std::getline(lines, line)) {
    const auto score = nlohmann::json::parse(line);
    const bool outlier = score.at("path").get<std::string>().starts_with("1/");
    const bool out = score.at("verdict") == "out";
    found += outlier && out ? 1 : 0;
    false_alarms += !outlier && out ? 1 : 0;
    ++count;
  }
  EXPECT_EQ(count, 200);
  EXPECT_LE(false_alarms, 5);  // 5 % of the images that the threshold was set on
  EXPECT_GE(found, 25);

  const auto impossible = run("gradcon score --model d --false-alarms 0.001 0");
  EXPECT_NE(impossible.status, 0);
  EXPECT_THAT(impossible.text, HasSubstr("0.001"));
  EXPECT_THAT(run("gradcon score --model 0/100.png 0").text, HasSubstr("0/100.png"));
  EXPECT_THAT(run("gradcon train --data none --out d2").text, HasSubstr("none"));
}

/// `train --objective gradcon` is `gradcon train`; `score`, `drift`, `fit` and `evaluate` take what it
/// wrote, and score as `gradcon score` does.
TEST_F(GradConCommand, IsTheGeneralPath) {
  const std::string options = " --data 0 --val 0 --epochs 2 --batch 8 --quiet";
  ASSERT_EQ(run("gradcon train --out d" + options).status, 0);
  const auto trained = run("train --objective gradcon --out e" + options);
  ASSERT_EQ(trained.status, 0) << trained.text;
  EXPECT_EQ(read_file(folder_ / "d"), read_file(folder_ / "e"));

  const auto wanted = scores("gradcon score --model d 0 1");
  ASSERT_EQ(wanted.size(), 200U);
  const auto general = scores("score --model d --detector d 0 1");
  ASSERT_EQ(
      run("fit --method gradcon --model d --data 0 --false-alarms 0.1 --out f --quiet").status, 0);
  const auto fitted = scores("score --model d --detector f 0 1");
  for (const auto& [path, score] : wanted) {
    EXPECT_EQ(general.at(path).at("score"), score.at("score")) << path;
    EXPECT_EQ(general.at(path).at("verdict"), score.at("verdict")) << path;
    EXPECT_EQ(fitted.at(path).at("score"), score.at("score")) << path;
  }

  const auto drifted = run("drift --model d --detector d --window 50 1 --format csv");
  EXPECT_EQ(drifted.status, 0) << drifted.text;
  EXPECT_THAT(drifted.text, HasSubstr("\n2,50,"));
  const auto evaluated =
      run("evaluate --model d --detector d --inliers 0 --outliers 1 --out results");
  EXPECT_EQ(evaluated.status, 0) << evaluated.text;
  EXPECT_THAT(read_text_file(folder_ / "results" / "results.csv"), HasSubstr("gradcon"));
}

TEST_F(GradConCommand, SaysWhatDoesNotGoTogether) {
  EXPECT_THAT(run("train --data 0 --out m --alignment 1").text,
              HasSubstr("--alignment goes with --objective gradcon"));
  EXPECT_THAT(run("train --data 0 --out m --objective gradcon --beta 1").text,
              HasSubstr("--beta goes with --objective autoencoder"));
  write_model(folder_ / "plain", initialise(gradcon_autoencoder(1), 0));
  const auto fitted = run("fit --method gradcon --model plain --data 0 --out f --quiet");
  EXPECT_NE(fitted.status, 0);
  EXPECT_THAT(fitted.text, HasSubstr("train it with --objective gradcon"));
}

}  // namespace
}  // namespace gradspace
