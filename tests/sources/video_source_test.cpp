#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/source.h"
#include "support/test_files.h"
#include "video/test_videos.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class FramesOfAVideo : public ::testing::Test {
 protected:
  FramesOfAVideo() {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      frames_.push_back(testing::random_samples(8 * 6, seed));
    }
    write_file(path_, testing::y4m_file("W8 H6 F25:1 Cmono XCOLORRANGE=FULL", frames_));
  }

  Image frame(std::size_t i) const { return {8, 6, 1, frames_[i]}; }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "clip.y4m";
  std::vector<std::vector<std::uint8_t>> frames_;
};

TEST_F(FramesOfAVideo, AreImages) {
  const std::unique_ptr<Source> source = open_source(path_);
  EXPECT_EQ(source->kind(), SourceKind::kVideo);
  ASSERT_EQ(source->size(), 40U);
  EXPECT_EQ(source->info(7).path, "clip.y4m#7");
  EXPECT_EQ(source->files(7), std::vector<std::filesystem::path>{path_});
  for (const std::size_t i : {0U, 1U, 5U, 39U, 3U, 3U, 4U, 0U}) {  // forward, and back
    EXPECT_EQ(source->load(i), frame(i)) << i;
  }
  FixedSizeReader reader(4, 3, 1);
  Image fitted(4, 3, 1);
  source->load_fitted(9, reader, fitted.pixels());
  EXPECT_EQ(fitted, resize_bilinear(frame(9), 4, 3));
  EXPECT_EQ(open_source(path_, parse_source_kind("video"))->size(), 40U);
}

TEST_F(FramesOfAVideo, AreReadByManyThreads) {
  const std::unique_ptr<Source> source = open_source(path_);
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (std::size_t number = next++; number < source->size(); number = next++) {
        EXPECT_EQ(source->load(number), frame(number)) << number;
      }
    });
  }
}

TEST_F(FramesOfAVideo, AreThoseBeforeADamage) {
  const std::vector<std::uint8_t> file = read_file(path_);
  write_file(path_, std::span(file).first(file.size() - 60));
  const std::unique_ptr<Source> source = open_source(path_);
  EXPECT_EQ(source->size(), 38U);
  ASSERT_EQ(source->skipped().size(), 1U);
  EXPECT_THAT(source->skipped()[0], HasSubstr("the file ends in frame 38"));
  write_file(path_, std::string_view("YUV4MPEG2 W8 H6\n"));
  EXPECT_THAT([&] { open_source(path_); },
              ThrowsMessage<FormatError>(HasSubstr("a video without frames")));
}

}  // namespace
}  // namespace gradspace
