#include <gtest/gtest.h>

#include "challenge/pictures.h"
#include "cli/command_line.h"
#include "core/file.h"
#include "support/test_files.h"

namespace gradspace::cli {
namespace {

using gradspace::testing::scene;
using gradspace::testing::TemporaryFolder;

int challenge(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "challenge");
  arguments.push_back("--quiet");
  return run(arguments);
}

TEST(ChallengeCommand, WritesImagesAndSheet) {
  const TemporaryFolder folder;
  write_image(folder / "a.png", scene(20, 20, 3));
  const std::string in = folder / "a.png";
  EXPECT_EQ(challenge({"--in", in, "--out", folder / "out", "--types", "rain,08", "--levels", "1-2",
                       "--format", "jpg", "--sheet", folder / "sheet.png"}),
            kDone);
  EXPECT_TRUE(std::filesystem::exists(folder / "out/09_02/a.jpg"));
  EXPECT_GT(read_image(folder / "sheet.png").width(), 300);
  EXPECT_EQ(challenge({"--in", in, "--sheet", folder / "only.png"}), kDone);
  EXPECT_GT(read_image(folder / "only.png").height(), read_image(folder / "sheet.png").height());
}

TEST(ChallengeCommand, PassesOptionsOn) {
  const TemporaryFolder folder;
  write_image(folder / "a.bmp", scene(64, 64, 3));
  const auto made = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"--in",    folder / "a.bmp", "--out",    folder / name,
                                          "--types", "lens-blur",      "--levels", "5"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(challenge(arguments), kDone);
    return read_file(folder / name);
  };
  const auto plain = made("plain.bmp", {});
  EXPECT_EQ(plain, made("again.bmp", {"--seed", "0"}));
  EXPECT_NE(plain, made("seed.bmp", {"--seed", "1"}));
  EXPECT_NE(plain, made("post.bmp", {"--post-production"}));
  EXPECT_EQ(plain, made("image.bmp", {"--strength", "image"}));
  EXPECT_NE(plain, made("pixels.bmp", {"--strength", "pixels"}));
  EXPECT_EQ(plain, made("plain.bmp", {"--force"}));
}

TEST(ChallengeCommand, ExitsWithTwoForAWrongCommandLine) {
  const TemporaryFolder folder;
  write_image(folder / "a.png", scene(20, 20, 3));
  const std::string in = folder / "a.png";
  const std::string out = folder / "out";
  EXPECT_EQ(challenge({"--in", in}), kWrongUsage);
  EXPECT_EQ(challenge({"--out", out}), kWrongUsage);
  EXPECT_EQ(challenge({"--in", in, "--out", out, "--types", "rian"}), kWrongUsage);
  EXPECT_EQ(challenge({"--in", in, "--out", out, "--levels", "0-5"}), kWrongUsage);
  EXPECT_EQ(challenge({"--in", in, "--out", out, "--strength", "pixel"}), kWrongUsage);
  EXPECT_EQ(challenge({"--in", in, "--out", out, "--strength", ""}), kWrongUsage);
  EXPECT_EQ(challenge({"--in", in, "--out", out, "--format", "gif"}), kWrongUsage);
  EXPECT_EQ(challenge({"--in", in, "--out", out, "--split", "dev=1"}), kWrongUsage);
  EXPECT_EQ(challenge({"--in", in, "--out", out, "--seed", "-1"}), kWrongUsage);
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(ChallengeCommand, ExitsWithOneWhenSomethingFailed) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "in");
  write_image(folder / "in/a.png", scene(20, 20, 3));
  write_image(folder / "in/tiny.png", scene(5, 5, 3));
  EXPECT_EQ(challenge({"--in", folder / "in", "--out", folder / "out", "--types", "rain"}),
            kFailed);
  EXPECT_TRUE(std::filesystem::exists(folder / "out/09_05/a.png"));
  EXPECT_EQ(challenge({"--in", folder / "in", "--out", folder / "out"}), kFailed);
  EXPECT_EQ(challenge({"--in", folder / "no", "--out", folder / "new"}), kFailed);
}

}  // namespace
}  // namespace gradspace::cli
