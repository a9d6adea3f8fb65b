#include "video/y4m.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "core/descriptor.h"
#include "gradspace/error.h"
#include "support/test_files.h"
#include "video/test_videos.h"

namespace gradspace::video {
namespace {

using gradspace::testing::plain_frame;
using gradspace::testing::random_samples;
using gradspace::testing::TemporaryFolder;
using gradspace::testing::y4m_file;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Y4mHeader, SaysWhatTheSamplesMean) {
  const Y4mHeader plain = parse_y4m_header("YUV4MPEG2 W64 H48 F30000:1001 Ip A1:1", "a.y4m");
  EXPECT_EQ(plain.format.width, 64);
  EXPECT_EQ(plain.format.height, 48);
  EXPECT_NEAR(plain.frames_per_second, 29.97, 0.001);
  EXPECT_EQ(words(plain.format), "4:2:0, 8 bits, limited range");
  EXPECT_EQ(plain.frame_bytes(), 64 * 48 * 3 / 2);

  const std::tuple<const char*, const char*, std::size_t> cases[] = {
      {"C420jpeg", "4:2:0, 8 bits", 5 * 3 + 2 * 3 * 2},
      {"C420mpeg2 XYSCSS=420MPEG2", "4:2:0, 8 bits", 5 * 3 + 2 * 3 * 2},
      {"C420p10", "4:2:0, 10 bits", 2 * (5 * 3 + 2 * 3 * 2)},
      {"C422", "4:2:2, 8 bits", 5 * 3 + 2 * 3 * 3},
      {"C422p12", "4:2:2, 12 bits", 2 * (5 * 3 + 2 * 3 * 3)},
      {"C444", "4:4:4, 8 bits", 5 * 3 * 3},
      {"C444p16", "4:4:4, 16 bits", 2 * 5 * 3 * 3},
      {"C444alpha", "4:4:4, 8 bits", 5 * 3 * 4},
      {"C411", "4:1:1, 8 bits", 5 * 3 + 2 * 2 * 3},
      {"Cmono", "grey, 8 bits", 5 * 3},
      {"Cmono10", "grey, 10 bits", 2 * 5 * 3}};
  for (const auto& [parameter, start, bytes] : cases) {
    const Y4mHeader header =
        parse_y4m_header(std::string("YUV4MPEG2 W5 H3 F25:1 ") + parameter, "a.y4m");
    EXPECT_THAT(words(header.format), ::testing::StartsWith(start)) << parameter;
    EXPECT_EQ(header.frame_bytes(), bytes) << parameter;
  }
  EXPECT_TRUE(parse_y4m_header("YUV4MPEG2 W4 H4 XCOLORRANGE=FULL C444", "a").format.full_range);
  EXPECT_EQ(parse_y4m_header("YUV4MPEG2 W1920 H1080", "a").format.matrix, ColourMatrix::kBt709);
}

TEST(Y4mHeader, RefusesWhatItDoesNotUnderstand) {
  for (const char* parameters :
       {"", "W4", "H4", "W0 H4", "W-4 H4", "W4x H4", "W99999999999 H4", "W4 H4 C420p17",
        "W4 H4 C420p8x", "W4 H4 C410", "W4 H4 C420jpegp10", "W4 H4 F:", "W4 H4 F25:x",
        "W65536 H65536", "W268435456 H268435456"}) {
    EXPECT_THROW(parse_y4m_header(std::string("YUV4MPEG2 ") + parameters, "a.y4m"), FormatError)
        << parameters;
  }
  EXPECT_THAT(
      [] { parse_y4m_header("YUV4MPEG2 W4 H4 C4200", "a.y4m"); },
      ThrowsMessage<FormatError>("a.y4m: YUV4MPEG2: the parameter \"C4200\" is not understood"));
}

TEST(Y4mReader, GivesTheFramesInOrder) {
  const TemporaryFolder folder;
  // White, then the red, green and blue of limited BT.601.
  write_file(folder / "a.y4m",
             y4m_file("W6 H4 F10:1 C420jpeg",
                      {plain_frame(6, 4, 235, 128, 128), plain_frame(6, 4, 81, 90, 240),
                       plain_frame(6, 4, 145, 54, 34), plain_frame(6, 4, 41, 240, 110)}));
  const std::unique_ptr<VideoReader> reader = open_video(folder / "a.y4m");
  EXPECT_EQ(reader->info().width, 6);
  EXPECT_EQ(reader->info().height, 4);
  EXPECT_EQ(reader->info().frames, 4U);
  EXPECT_EQ(reader->info().format, "YUV4MPEG2, 4:2:0, 8 bits, limited range");
  const int colours[4][3] = {{255, 255, 255}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}};
  for (std::uint64_t number = 0; number < 4; ++number) {
    const std::optional<VideoFrame> frame = reader->next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->number, number);
    EXPECT_DOUBLE_EQ(frame->time_s, static_cast<double>(number) / 10);
    for (std::size_t i = 0; i < frame->image.pixels().size(); ++i) {
      EXPECT_NEAR(frame->image.pixels()[i], colours[number][i % 3], 1);
    }
  }
  EXPECT_FALSE(reader->next());
  EXPECT_FALSE(reader->next());
  EXPECT_FALSE(reader->skip());
}

TEST(Y4mReader, SkipsFrames) {
  const TemporaryFolder folder;
  std::vector<std::vector<std::uint8_t>> frames;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    frames.push_back(random_samples(8 * 6, seed));
  }
  write_file(folder / "a.y4m", y4m_file("W8 H6 F25:1 Cmono XCOLORRANGE=FULL", frames));
  const std::unique_ptr<VideoReader> reader = open_video(folder / "a.y4m");
  EXPECT_TRUE(reader->skip());
  EXPECT_TRUE(reader->skip());
  const std::optional<VideoFrame> third = reader->next();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->number, 2U);
  EXPECT_EQ(third->image, Image(8, 6, 1, frames[2]));
  EXPECT_TRUE(reader->skip());
  EXPECT_TRUE(reader->next());
  EXPECT_FALSE(reader->skip());
}

TEST(Y4mReader, ReadsFromAPipe) {
  const TemporaryFolder folder;
  const std::filesystem::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::vector<std::vector<std::uint8_t>> frames = {
      random_samples(64 * 64, 1), random_samples(64 * 64, 2), random_samples(64 * 64, 3)};
  // Both ends stay open until the reader has its own: what is written would be lost with the last of them.
  Descriptor both(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  const std::jthread writer([&] {
    const std::vector<std::uint8_t> file = y4m_file("W64 H64 Cmono XCOLORRANGE=FULL", frames);
    const Descriptor end(::open(pipe.c_str(), O_WRONLY | O_CLOEXEC));
    write_all(end, file, "pipe");
  });
  const std::unique_ptr<VideoReader> reader = open_video(pipe);
  // The reader has read the header: by now the writer has its end, too.
  both = Descriptor();
  EXPECT_FALSE(reader->info().frames);
  EXPECT_TRUE(reader->skip());
  const std::optional<VideoFrame> second = reader->next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->image, Image(64, 64, 1, frames[1]));
  EXPECT_TRUE(reader->next());
  EXPECT_FALSE(reader->next());
}

TEST(Y4mReader, SaysWhereAFileIsCutOff) {
  const TemporaryFolder folder;
  const std::vector<std::uint8_t> file =
      y4m_file("W4 H4 Cmono", {random_samples(16, 1), random_samples(16, 2)});
  for (std::size_t size = 0; size < file.size(); ++size) {
    write_file(folder / "cut.y4m", std::span(file).first(size), Survives::kKill);
    try {
      const std::unique_ptr<VideoReader> reader = open_video(folder / "cut.y4m");
      int frames = 0;
      while (reader->next()) {
        ++frames;
      }
      // At the end of the header, or of the first frame, nothing is missing.
      EXPECT_EQ(size, file.size() - static_cast<std::size_t>(2 - frames) * (6 + 16));
    } catch (const FormatError& error) {
      EXPECT_THAT(error.what(), HasSubstr("cut.y4m: "));
    }
  }
}

TEST(Y4mReader, SurvivesDamage) {
  const TemporaryFolder folder;
  const std::vector<std::uint8_t> file =
      y4m_file("W4 H4 F25:1 C420p10", {random_samples(48, 1), random_samples(48, 2)});
  Random random(3);
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<std::uint8_t> damaged = file;
    damaged[random.below(40)] = static_cast<std::uint8_t>(random.below(256));
    write_file(folder / "a.y4m", damaged, Survives::kKill);
    try {
      const std::unique_ptr<VideoReader> reader = open_video(folder / "a.y4m");
      while (reader->next()) {
      }
      EXPECT_FALSE(reader->next());
    } catch (const FormatError& error) {
      EXPECT_THAT(error.what(), HasSubstr("a.y4m: "));
    }
  }
}

// 2^28 pixels are promised in 50 bytes: the frame must be there before there is room for it.
TEST(Y4mReader, MakesNoRoomForWhatIsNotThere) {
  const TemporaryFolder folder;
  write_file(folder / "huge.y4m", y4m_file("W16384 H16384 C444p16", {random_samples(16, 1)}));
  const std::unique_ptr<VideoReader> reader = open_video(folder / "huge.y4m");
  EXPECT_THAT([&] { reader->next(); },
              ThrowsMessage<FormatError>(
                  HasSubstr("huge.y4m: YUV4MPEG2: truncated: the file ends in frame 0")));
  EXPECT_FALSE(reader->next());
}

}  // namespace
}  // namespace gradspace::video
