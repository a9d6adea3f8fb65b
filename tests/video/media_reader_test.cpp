// Videos that ffmpeg makes of ours, without loss: the same frames must come back.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "gradspace/error.h"
#include "gradspace/video.h"
#include "support/test_files.h"
#include "video/test_videos.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class MediaReader : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!GRADSPACE_TEST_MEDIA) {
      GTEST_SKIP() << "built without the module media";
    }
  }

  /// Encodes a file of the folder; skips the test without ffmpeg.
  bool encode(const std::string& from, const std::string& options, const std::string& to) {
    const std::string ffmpeg = GRADSPACE_FFMPEG;
    if (ffmpeg.empty()) {
      return false;
    }
    const std::string command =
        fmt::format("'{}' -v error -nostdin -y -i '{}' {} '{}'", ffmpeg, (folder_ / from).string(),
                    options, (folder_ / to).string());
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return true;
  }

  std::vector<Image> frames(const std::string& name) {
    const std::unique_ptr<VideoReader> reader = open_video(folder_ / name);
    std::vector<Image> images;
    while (std::optional<VideoFrame> frame = reader->next()) {
      EXPECT_EQ(frame->number, images.size());
      EXPECT_NEAR(frame->time_s, static_cast<double>(images.size()) / 25, 1e-3);
      images.push_back(std::move(frame->image));
    }
    return images;
  }

  std::filesystem::path write(const std::string& name, const std::string& parameters,
                              std::size_t bytes) {
    std::vector<std::vector<std::uint8_t>> samples;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      samples.push_back(testing::random_samples(bytes, seed));
    }
    write_file(folder_ / name, testing::y4m_file(parameters, samples));
    return folder_ / name;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(MediaReader, GivesTheFramesOfALosslessVideo) {
  write("a.y4m", "W32 H16 F25:1 C420mpeg2", 32 * 16 * 3 / 2);
  // ffmpeg's chroma of these codecs lies on the left, as mpeg2's does.
  for (const char* coded : {"-c:v ffv1|a.mkv", "-c:v huffyuv -pix_fmt yuv422p|b.avi"}) {
    const std::string text = coded;
    const std::string name = text.substr(text.find('|') + 1);
    if (!encode("a.y4m", text.substr(0, text.find('|')), name)) {
      GTEST_SKIP() << "ffmpeg is not installed";
    }
    ASSERT_EQ(frames(name).size(), 6U) << name;
  }
  EXPECT_EQ(frames("a.mkv"), frames("a.y4m"));
  const std::unique_ptr<VideoReader> reader = open_video(folder_ / "a.mkv");
  EXPECT_EQ(reader->info().width, 32);
  EXPECT_EQ(reader->info().height, 16);
  EXPECT_DOUBLE_EQ(reader->info().frames_per_second, 25);
  EXPECT_EQ(reader->info().frames, 6U);
  EXPECT_TRUE(reader->skip());
  EXPECT_EQ(reader->next()->number, 1U);
}

TEST_F(MediaReader, TakesDeepSamplesGreyAndPixels) {
  write("deep.y4m", "W32 H16 F25:1 C422p10", 2 * 32 * 16 * 2);
  write("grey.y4m", "W32 H16 F25:1 Cmono", 32 * 16);
  if (!encode("grey.y4m", "-c:v ffv1", "grey.mkv")) {
    GTEST_SKIP() << "ffmpeg is not installed";
  }
  EXPECT_EQ(frames("grey.mkv"), frames("grey.y4m"));
  // Bytes of random bits are no samples of 10 bits: ffmpeg's own deep file is the one to compare with.
  encode("grey.y4m", "-pix_fmt yuv422p10le -strict -1", "deep.y4m");
  encode("deep.y4m", "-c:v ffv1", "deep.mkv");
  EXPECT_EQ(frames("deep.mkv"), frames("deep.y4m"));
  // RGB as it is.
  encode("grey.y4m", "-c:v ffv1 -pix_fmt bgr0", "rgb.mkv");
  encode("rgb.mkv", "-f rawvideo -pix_fmt rgb24", "rgb.raw");
  const std::vector<Image> images = frames("rgb.mkv");
  ASSERT_EQ(images.size(), 6U);
  const std::vector<std::uint8_t> raw = read_file(folder_ / "rgb.raw");
  const std::span<const std::uint8_t> third = std::span(raw).subspan(2 * 32 * 16 * 3, 32 * 16 * 3);
  EXPECT_TRUE(std::ranges::equal(images[2].pixels(), third));
}

TEST_F(MediaReader, SaysWhatItCannotRead) {
  write_file(folder_ / "text.mkv",
             std::string_view("no video at all, only words, and some more of them"));
  EXPECT_THAT([&] { open_video(folder_ / "text.mkv"); },
              ThrowsMessage<FormatError>(HasSubstr("text.mkv: no video that can be read: ")));
}

// A playlist must not have other files opened, or addresses.
TEST_F(MediaReader, OpensTheOneFileAlone) {
  write("a.y4m", "W32 H16 F25:1 C420mpeg2", 32 * 16 * 3 / 2);
  write_file(folder_ / "list.m3u8",
             std::string_view("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.y4m\n"));
  const auto refused = ThrowsMessage<FormatError>(HasSubstr(": no video that can be read: "));
  EXPECT_THAT([&] { open_video(folder_ / "list.m3u8"); }, refused);
  write_file(folder_ / "list.mkv", std::string_view("ffconcat version 1.0\nfile a.y4m\n"));
  EXPECT_THAT([&] { open_video(folder_ / "list.mkv"); }, refused);
}

TEST_F(MediaReader, SurvivesDamage) {
  write("a.y4m", "W32 H16 F25:1 C420mpeg2", 32 * 16 * 3 / 2);
  if (!encode("a.y4m", "-c:v mpeg4", "a.mp4")) {
    GTEST_SKIP() << "ffmpeg is not installed";
  }
  const std::vector<std::uint8_t> file = read_file(folder_ / "a.mp4");
  EXPECT_EQ(frames("a.mp4").size(), 6U);
  Random random(5);
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<std::uint8_t> damaged = file;
    for (int change = 0; change < 4; ++change) {
      damaged[random.below(damaged.size())] = static_cast<std::uint8_t>(random.below(256));
    }
    damaged.resize(trial % 3 == 0 ? random.below(damaged.size()) + 1 : damaged.size());
    write_file(folder_ / "b.mp4", damaged, Survives::kKill);
    try {
      const std::unique_ptr<VideoReader> reader = open_video(folder_ / "b.mp4");
      for (int frame = 0; frame < 100 && reader->next(); ++frame) {
      }
    } catch (const FormatError& error) {
      EXPECT_THAT(error.what(), HasSubstr("b.mp4: "));
    }
  }
}

}  // namespace
}  // namespace gradspace
