// `gradspace gradcon` as a process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "gradcon/images.h"
#include "gradspace/gradcon.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

TEST(GradConCommand, TrainsAndScores) {
  const testing::TemporaryFolder folder;
  for (const int object_class : {0, 1}) {
    const auto pictures = folder / std::to_string(object_class);
    std::filesystem::create_directory(pictures);
    for (std::uint64_t i = 0; i < 100; ++i) {
      write_image(pictures / (std::to_string(100 + i) + ".png"),
                  testing::striped_image(object_class, i));
    }
  }
  const std::string here = folder.path().string();
  const auto run = [&](const std::string& arguments) {
    return testing::run_shell(
        fmt::format("cd '{}' && '{}' gradcon {} 2>&1", here, GRADSPACE_COMMAND, arguments));
  };
  const auto trained = run(
      "train --data 0 --val 0 --out d --epochs 16 --batch 8 --lr 2e-3 --alignment 0.003 --quiet");
  ASSERT_EQ(trained.status, 0) << trained.text;
  EXPECT_THAT(trained.text, HasSubstr("d: best epoch "));
  EXPECT_FALSE(std::filesystem::exists(folder / "d.checkpoint"));

  const auto scored = run("score --model d 0 1 --format jsonl");
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

  const auto impossible = run("score --model d --false-alarms 0.001 0");
  EXPECT_NE(impossible.status, 0);
  EXPECT_THAT(impossible.text, HasSubstr("0.001"));
  EXPECT_THAT(run("score --model 0/100.png 0").text, HasSubstr("0/100.png"));
  EXPECT_THAT(run("train --data none --out d2").text, HasSubstr("none"));
}

}  // namespace
}  // namespace gradspace
