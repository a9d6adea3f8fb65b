#include "gradspace/score_video.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/video.h"
#include "support/test_files.h"
#include "video/test_videos.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr int kSide = 48;

class ScoreVideo : public ::testing::Test {
 protected:
  /// A video of random frames, each with some samples changed.
  std::filesystem::path write(const std::string& name, std::size_t frames, int changed,
                              const char* rate = "25:1") {
    std::vector<std::vector<std::uint8_t>> samples;
    for (std::size_t i = 0; i < frames; ++i) {
      samples.push_back(testing::random_samples(kSide * kSide * 3 / 2, i));
      for (std::size_t j = 0; j < static_cast<std::size_t>(changed) * (i + 1); ++j) {
        samples.back()[17 * j % samples.back().size()] ^= 8;
      }
    }
    write_file(folder_ / name,
               testing::y4m_file(fmt::format("W{} H{} F{} C420jpeg", kSide, kSide, rate), samples));
    return folder_ / name;
  }

  std::vector<FrameScore> score(const std::filesystem::path& reference,
                                const std::filesystem::path& distorted,
                                const ScoreVideoOptions& options = {}) {
    std::vector<FrameScore> frames;
    JobObserver observer;
    observer.on_remark = [&](std::string_view line) { remarks_.emplace_back(line); };
    observer.on_progress = [&](std::size_t done, std::size_t total) {
      EXPECT_EQ(done, frames.size());
      total_ = total;
    };
    result_ = score_video(
        make_quality_metrics(names_), reference, distorted,
        [&](const FrameScore& frame) { frames.push_back(frame); }, options, observer);
    EXPECT_EQ(result_.frames, frames.size());
    return frames;
  }

  testing::TemporaryFolder folder_;
  std::vector<std::string> names_ = {"psnr", "ssim", "gmsd"};
  VideoScoreResult result_;
  std::vector<std::string> remarks_;
  std::size_t total_ = 0;
};

TEST_F(ScoreVideo, ScoresEachFrameAsAPairOfImages) {
  const auto reference = write("a.y4m", 9, 0);
  const auto distorted = write("b.y4m", 9, 5);
  for (const int threads : {1, 2, 5}) {
    ScoreVideoOptions options;
    options.threads = threads;
    const std::vector<FrameScore> frames = score(reference, distorted, options);
    ASSERT_EQ(frames.size(), 9U);
    EXPECT_EQ(total_, 9U);
    const std::unique_ptr<VideoReader> ours = open_video(reference);
    const std::unique_ptr<VideoReader> theirs = open_video(distorted);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      EXPECT_EQ(frames[i].frame, i);
      const auto a = std::make_shared<const QualityImage>(ours->next()->image);
      const QualityImage b(theirs->next()->image);
      for (std::size_t metric = 0; metric < names_.size(); ++metric) {
        EXPECT_EQ(frames[i].score.scores[metric].value,
                  make_quality_metric(names_[metric])->prepare(a)->score(b));
      }
    }
    EXPECT_EQ(result_.failure, "");
    EXPECT_EQ(result_.remark, "");
  }
}

TEST_F(ScoreVideo, TakesEachNthFrame) {
  const auto reference = write("a.y4m", 10, 0);
  const auto distorted = write("b.y4m", 10, 5);
  const std::vector<FrameScore> all = score(reference, distorted);
  ScoreVideoOptions options;
  options.every = 4;
  const std::vector<FrameScore> some = score(reference, distorted, options);
  ASSERT_EQ(some.size(), 3U);
  EXPECT_EQ(total_, 3U);
  for (std::size_t i = 0; i < some.size(); ++i) {
    EXPECT_EQ(some[i].frame, 4 * i);
    EXPECT_EQ(some[i].score.scores, all[4 * i].score.scores);
  }
  EXPECT_EQ(result_.remark, "");
  options.every = 0;
  EXPECT_THROW(score(reference, distorted, options), InvalidArgument);
}

TEST_F(ScoreVideo, ComparesAsManyFramesAsBothHave) {
  const auto reference = write("a.y4m", 3, 0, "30:1");
  const auto distorted = write("b.y4m", 5, 0);
  EXPECT_EQ(score(reference, distorted).size(), 3U);
  EXPECT_EQ(result_.remark, fmt::format("{} ends before {} does: 3 frames were compared",
                                        reference.string(), distorted.string()));
  ASSERT_EQ(remarks_.size(), 1U);
  EXPECT_THAT(remarks_[0], HasSubstr("frames are paired by their number"));
  EXPECT_EQ(score(distorted, reference).size(), 3U);
  EXPECT_THAT(result_.remark, HasSubstr("a.y4m ends before"));
}

TEST_F(ScoreVideo, KeepsWhatCameBeforeADamage) {
  const auto reference = write("a.y4m", 5, 0);
  const std::vector<std::uint8_t> file = read_file(reference);
  write_file(folder_ / "b.y4m", std::span(file).first(file.size() - 3));
  EXPECT_EQ(score(reference, folder_ / "b.y4m").size(), 4U);
  EXPECT_THAT(result_.failure, HasSubstr("b.y4m: YUV4MPEG2: truncated: the file ends in frame 4"));
}

TEST_F(ScoreVideo, SaysWhichFrameAMetricRefuses) {
  const auto plain = testing::plain_frame(kSide, kSide, 128, 128, 128);
  write_file(folder_ / "plain.y4m", testing::y4m_file("W48 H48 F25:1", {plain, plain}));
  names_ = {"psnr", "gradient"};
  const auto other = write("a.y4m", 2, 0);
  const std::vector<FrameScore> frames = score(folder_ / "plain.y4m", other);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_TRUE(frames[1].score.scores[0].value);
  EXPECT_FALSE(frames[1].score.scores[1].value);
  EXPECT_THAT(frames[1].score.scores[1].failure, HasSubstr("frame 1"));
}

TEST_F(ScoreVideo, RefusesOtherSizes) {
  write_file(folder_ / "small.y4m",
             testing::y4m_file("W4 H4", {testing::plain_frame(4, 4, 16, 128, 128)}));
  const auto reference = write("a.y4m", 1, 0);
  EXPECT_THAT([&] { score(reference, folder_ / "small.y4m"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("reference is 48x48 but distorted is 4x4")));
}

TEST_F(ScoreVideo, StopsWhenAsked) {
  const auto reference = write("a.y4m", 50, 0);
  JobObserver observer;
  std::size_t seen = 0;
  observer.stop_requested = [&] { return seen >= 2; };
  const VideoScoreResult result = score_video(
      make_quality_metrics(names_), reference, reference, [&](const FrameScore&) { ++seen; }, {},
      observer);
  EXPECT_TRUE(result.stopped);
  EXPECT_LT(seen, 50U);
}

TEST(ScorePool, IsWhatLibvmafDefines) {
  ScorePool pool(quality_metric_info("ssim"));
  EXPECT_FALSE(pool.pooled());
  const double values[] = {0.5, 0.25, 0.75, 0.25};
  for (std::uint64_t i = 0; i < 4; ++i) {
    pool.add(10 * i, values[i]);
  }
  const PooledScore pooled = pool.pooled().value();
  EXPECT_EQ(pooled.frames, 4U);
  EXPECT_DOUBLE_EQ(pooled.mean, 0.4375);
  EXPECT_DOUBLE_EQ(pooled.harmonic_mean.value(),
                   4 / (1 / 1.5 + 1 / 1.25 + 1 / 1.75 + 1 / 1.25) - 1);
  EXPECT_EQ(pooled.minimum, 0.25);
  EXPECT_EQ(pooled.maximum, 0.75);
  EXPECT_EQ(pooled.worst_frame, 10U);
}

TEST(ScorePool, KnowsWhichDirectionIsWorse) {
  ScorePool pool(quality_metric_info("gmsd"));
  pool.add(3, 0.1);
  pool.add(4, 0.3);
  pool.add(5, 0.0);
  EXPECT_EQ(pool.pooled()->worst_frame, 4U);
  EXPECT_EQ(pool.pooled()->maximum, 0.3);
  EXPECT_EQ(pool.pooled()->minimum, 0.0);
}

TEST(ScorePool, CountsEqualFramesAsSixtyDecibels) {
  ScorePool pool(quality_metric_info("psnr"));
  pool.add(0, std::numeric_limits<double>::infinity());
  EXPECT_EQ(pool.pooled()->mean, 60);
  pool.add(1, 40);
  pool.add(2, 74);
  EXPECT_DOUBLE_EQ(pool.pooled()->mean, 160.0 / 3);
  EXPECT_EQ(pool.pooled()->maximum, 60);
  EXPECT_EQ(pool.pooled()->worst_frame, 1U);
}

TEST(ScorePool, HasNoHarmonicMeanOfWhatIsTooSmall) {
  ScorePool pool(quality_metric_info("ssim"));
  pool.add(0, 0.5);
  pool.add(1, -1);
  EXPECT_FALSE(pool.pooled()->harmonic_mean);
  EXPECT_DOUBLE_EQ(pool.pooled()->mean, -0.25);
}

}  // namespace
}  // namespace gradspace
