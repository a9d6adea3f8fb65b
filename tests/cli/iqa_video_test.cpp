// `gradspace iqa` of two videos.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "core/file.h"
#include "support/python.h"
#include "support/test_files.h"
#include "video/test_videos.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class IqaOfVideos : public ::testing::Test {
 protected:
  IqaOfVideos() {
    std::vector<std::vector<std::uint8_t>> frames;
    std::vector<std::vector<std::uint8_t>> noisy;
    for (std::uint64_t i = 0; i < 4; ++i) {
      frames.push_back(testing::random_samples(32 * 32 * 3 / 2, i));
      noisy.push_back(frames.back());
      for (std::size_t j = 0; j < 50 * i; ++j) {
        noisy.back()[j] ^= 16;
      }
    }
    write_file(folder_ / "ref.y4m", testing::y4m_file("W32 H32 F25:1", frames));
    write_file(folder_ / "dist.y4m", testing::y4m_file("W32 H32 F25:1", noisy));
    frames.pop_back();
    write_file(folder_ / "short.y4m", testing::y4m_file("W32 H32 F25:1", frames));
  }

  int iqa(const std::string& arguments) {
    const testing::ScriptOutput output = testing::run_shell(fmt::format(
        "cd {} && {} iqa {} 2>stderr", folder_.path().string(), GRADSPACE_COMMAND, arguments));
    out_ = output.text;
    errors_ = read_text_file(folder_ / "stderr");
    return output.status >> 8;
  }

  std::vector<nlohmann::json> rows() const {
    std::vector<nlohmann::json> rows;
    std::istringstream lines(out_);
    for (std::string line; std::getline(lines, line);) {
      rows.push_back(nlohmann::json::parse(line));
    }
    return rows;
  }

  testing::TemporaryFolder folder_;
  std::string out_;
  std::string errors_;
};

TEST_F(IqaOfVideos, PrintsFramesForProgramsAndWhatIsPooledForPeople) {
  EXPECT_EQ(iqa("ref.y4m dist.y4m --metric psnr,ssim --format jsonl"), 0);
  const std::vector<nlohmann::json> frames = rows();
  ASSERT_EQ(frames.size(), 4U);
  double sum = 60;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(frames[i].at("frame"), i);
    sum += i == 0 ? 0 : frames[i].at("psnr").get<double>();
  }
  EXPECT_TRUE(frames[0].at("psnr").is_null()) << "infinite";
  EXPECT_EQ(frames[0].at("ssim"), 1);

  EXPECT_EQ(iqa("ref.y4m dist.y4m --metric psnr,ssim --format jsonl --pooled"), 0);
  const std::vector<nlohmann::json> pooled = rows();
  ASSERT_EQ(pooled.size(), 2U);
  EXPECT_EQ(pooled[0].at("metric"), "psnr");
  EXPECT_EQ(pooled[0].at("frames"), 4);
  EXPECT_NEAR(pooled[0].at("mean").get<double>(), sum / 4, 1e-9);
  EXPECT_EQ(pooled[0].at("worst_frame"), 3);
  EXPECT_EQ(pooled[1].at("maximum"), 1);

  EXPECT_EQ(iqa("ref.y4m dist.y4m --metric psnr,ssim"), 0);
  EXPECT_THAT(out_, HasSubstr("harmonic mean"));
  EXPECT_THAT(out_, HasSubstr("\npsnr  "));
  EXPECT_EQ(iqa("ref.y4m dist.y4m --metric psnr --format csv --every 3"), 0);
  EXPECT_THAT(out_, HasSubstr("\nframe,psnr\n0,inf\n3,"));
}

TEST_F(IqaOfVideos, FailsWhereLengthsDiffer) {
  EXPECT_EQ(iqa("ref.y4m short.y4m --metric psnr --format csv"), 1);
  EXPECT_THAT(errors_, HasSubstr("short.y4m ends before ref.y4m does: 3 frames were compared"));
}

TEST_F(IqaOfVideos, HoldsTheMeanAgainstTheGate) {
  EXPECT_EQ(iqa("ref.y4m dist.y4m --metric psnr --fail-below 20"), 0);
  EXPECT_EQ(iqa("ref.y4m dist.y4m --metric psnr --fail-below 59"), 3);
  EXPECT_THAT(errors_, HasSubstr("dist.y4m, mean of its frames: psnr is"));
}

TEST_F(IqaOfVideos, RefusesAVideoBesideAnImage) {
  const std::string image = testing::data_file("quality/pair1_ref.png").string();
  EXPECT_NE(iqa("ref.y4m " + image), 0);
  EXPECT_THAT(errors_, HasSubstr("ref.y4m is a video, but"));
  EXPECT_NE(iqa("ref.y4m dist.y4m --map map.png"), 0);
  EXPECT_THAT(errors_, HasSubstr("--map is drawn of images"));
}

TEST_F(IqaOfVideos, ReadsOneFromAPipe) {
  const testing::ScriptOutput output = testing::run_shell(
      fmt::format("cd {} && cat dist.y4m | {} iqa ref.y4m /dev/stdin --metric ssim --format csv",
                  folder_.path().string(), GRADSPACE_COMMAND));
  EXPECT_EQ(output.status, 0);
  EXPECT_THAT(output.text, HasSubstr("\n3,0."));
}

}  // namespace
}  // namespace gradspace
