#include "monitor/frame_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <thread>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/video.h"
#include "monitor/simulated_camera.h"
#include "monitor/simulated_clock.h"
#include "support/scenes.h"
#include "support/test_files.h"

namespace gradspace::monitor {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FrameReaders : public ::testing::Test {
 protected:
  ReaderSurroundings surroundings() { return {system_clock(), stop_, {}}; }

  CameraInput input_of(CameraInputKind kind, const fs::path& address) {
    CameraInput input;
    input.kind = kind;
    input.address = address.string();
    return input;
  }
  std::vector<std::string> names(FrameReader& reader, std::size_t count) {
    std::vector<std::string> result;
    while (result.size() < count) {
      const std::optional<LiveFrame> frame = reader.next();
      if (!frame) {
        break;
      }
      result.push_back(frame->name);
    }
    return result;
  }

  testing::TemporaryFolder folder_;
  StopSignal stop_;
};

void write_text(const fs::path& path, std::string_view text) {
  std::ofstream(path) << text;
}

TEST_F(FrameReaders, AFolderGivesFilesThatAreWrittenOrRenamedIntoItOnceTheyAreWhole) {
  write_text(folder_ / "before.png", "was there");
  const auto reader =
      open_frames(input_of(CameraInputKind::kFolder, folder_.path()), surroundings());
  write_text(folder_ / "a.png", "whole");
  std::ofstream slow(folder_ / "slow.jpg");
  slow << "half of it" << std::flush;
  write_text(folder_ / "notes.txt", "no image");
  write_text(folder_ / ".hidden.png", "not whole yet");
  fs::create_directory(folder_ / "folder.png");
  write_text(folder_ / "part.tmp", "comes under another name");
  fs::rename(folder_ / "part.tmp", folder_ / "b.png");
  slow << "the rest";
  slow.close();
  const testing::TemporaryFolder elsewhere;
  write_text(elsewhere / "c.png", "from elsewhere");
  fs::rename(elsewhere / "c.png", folder_ / "c.png");
  EXPECT_THAT(names(*reader, 4), ElementsAre("a.png", "b.png", "slow.jpg", "c.png"));
  EXPECT_TRUE(reader->is_live());
}

TEST_F(FrameReaders, AFolderGivesThousandsOfRenamedFilesInTheirOrder) {
  const auto reader =
      open_frames(input_of(CameraInputKind::kFolder, folder_.path()), surroundings());
  constexpr int kFiles = 5000;
  std::thread writer([&] {
    for (int i = 0; i < kFiles; ++i) {
      write_text(folder_ / fmt::format("{}.part", i), "x");
      fs::rename(folder_ / fmt::format("{}.part", i), folder_ / fmt::format("{}.png", i));
    }
  });
  const std::vector<std::string> got = names(*reader, kFiles);
  writer.join();
  ASSERT_EQ(got.size(), kFiles);
  for (int i = 0; i < kFiles; ++i) {
    ASSERT_EQ(got[static_cast<std::size_t>(i)], fmt::format("{}.png", i));
  }
}

TEST_F(FrameReaders, AFolderWhoseEventsOverflowIsListedAnew) {
  const auto reader =
      open_frames(input_of(CameraInputKind::kFolder, folder_.path()), surroundings());
  write_text(folder_ / "0.png", "x");
  constexpr int kRenames = 20'000;  // the kernel keeps 16384
  for (int i = 0; i < kRenames; ++i) {
    fs::rename(folder_ / fmt::format("{}.png", i), folder_ / fmt::format("{}.png", i + 1));
  }
  const std::string last = fmt::format("{}.png", kRenames);
  for (int i = 0; i <= kRenames + 1; ++i) {
    const std::optional<LiveFrame> frame = reader->next();
    ASSERT_TRUE(frame);
    if (frame->name == last) {
      return;
    }
  }
  FAIL() << "the newest file did not come";
}

TEST_F(FrameReaders, AFolderThatGoesAndComesAgainGivesWhatIsNewInIt) {
  const fs::path watched = folder_ / "watched";
  fs::create_directory(watched);
  auto reader = open_frames(input_of(CameraInputKind::kFolder, watched), surroundings());
  write_text(watched / "a.png", "x");
  fs::remove_all(watched);
  EXPECT_EQ(reader->next()->name, "a.png");
  EXPECT_THROW(reader->next(), IoError);
  const MonitorTime lost = std::chrono::system_clock::now();
  EXPECT_THROW(open_frames(input_of(CameraInputKind::kFolder, watched), surroundings()), IoError);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // file times are coarse
  fs::create_directory(watched);
  write_text(watched / "b.png", "came before it was watched");
  reader = open_frames(input_of(CameraInputKind::kFolder, watched), {system_clock(), stop_, lost});
  write_text(watched / "c.png", "x");
  EXPECT_THAT(names(*reader, 2), ElementsAre("b.png", "c.png"));
}

/// Four frames of 4:4:4, each of one value.
std::string y4m_of_values(const std::vector<int>& values, int width = 8, int height = 8) {
  std::string file = fmt::format("YUV4MPEG2 W{} H{} F10:1 C444\n", width, height);
  for (const int value : values) {
    file += "FRAME\n" +
            std::string(static_cast<std::size_t>(3 * width * height), static_cast<char>(value));
  }
  return file;
}

TEST_F(FrameReaders, AVideoFileGivesAsManyOfItsFramesAsAreAskedForAndEnds) {
  write_file(folder_ / "a.y4m", y4m_of_values({50, 60, 70, 80, 90, 100}));
  CameraInput input = input_of(CameraInputKind::kVideo, folder_ / "a.y4m");
  for (const double rate : {0.0, 5.0}) {
    input.frames_per_second = rate;
    const auto reader = open_frames(input, surroundings());
    EXPECT_EQ(reader->frames_per_second(), 10);
    EXPECT_FALSE(reader->is_live());
    std::size_t frames = 0;
    while (const std::optional<LiveFrame> frame = reader->next()) {
      ASSERT_TRUE(frame->image);
      ++frames;
    }
    EXPECT_EQ(frames, rate == 0 ? 6 : 3) << rate;
    EXPECT_FALSE(reader->next());
  }
}

TEST_F(FrameReaders, AVideoThatRepeatsIsPlayedInItsOwnTime) {
  write_file(folder_ / "a.y4m", y4m_of_values({50, 60, 70}));
  CameraInput input = input_of(CameraInputKind::kVideo, folder_ / "a.y4m");
  input.loop = true;
  SimulatedClock clock;
  const SteadyTime begin = clock.steady();
  const auto reader = open_frames(input, {clock, stop_, {}});
  for (int i = 1; i <= 10; ++i) {
    ASSERT_TRUE(reader->next());
    EXPECT_NEAR(in_seconds(clock.steady() - begin), i / 10.0, 1e-6);
  }
  stop_.request();
  EXPECT_FALSE(reader->next());
}

TEST_F(FrameReaders, APipeGivesFramesAsTheyComeAndIsGivenUpAtOnce) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const CameraInput input = input_of(CameraInputKind::kVideo, pipe);
  std::promise<void> read_three;
  std::thread writer([&] {
    std::ofstream out(pipe);
    out << y4m_of_values({50, 60, 70}) << std::flush;
    read_three.get_future().wait();
    out << "FRAME\nhalf a frame" << std::flush;
    while (!stop_.requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  const auto reader = open_frames(input, surroundings());
  EXPECT_TRUE(reader->is_live());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(reader->next());
  }
  read_three.set_value();
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop_.request();
  });
  try {
    EXPECT_FALSE(reader->next());
  } catch (const FormatError&) {  // cut off in its middle: who stops does not care
  }
  EXPECT_TRUE(stop_.requested());
  stopper.join();
  writer.join();
}

TEST_F(FrameReaders, APipeThatNobodyWritesToIsWaitedForUntilTheStop) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop_.request();
  });
  for (const CameraInputKind kind : {CameraInputKind::kVideo, CameraInputKind::kRaw}) {
    CameraInput input = input_of(kind, pipe);
    input.width = 4;
    input.height = 4;
    try {
      EXPECT_FALSE(open_frames(input, surroundings())->next());
    } catch (const FormatError&) {
    }
    EXPECT_TRUE(stop_.requested());
  }
  stopper.join();
}

TEST_F(FrameReaders, RawFramesAreAsTheirBytes) {
  std::string bytes;
  for (int i = 0; i < 2 * 2 * 3 * 3; ++i) {
    bytes.push_back(static_cast<char>(i));
  }
  write_file(folder_ / "raw", bytes + "more");
  CameraInput input = input_of(CameraInputKind::kRaw, folder_ / "raw");
  input.width = 3;
  input.height = 2;
  const auto reader = open_frames(input, surroundings());
  for (int i = 0; i < 2; ++i) {
    const std::optional<LiveFrame> frame = reader->next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->image->pixels()[0], 18 * i);
    EXPECT_EQ(frame->image->pixels()[17], 18 * i + 17);
  }
  EXPECT_THAT([&] { reader->next(); },
              ::testing::ThrowsMessage<FormatError>(HasSubstr("ends within a frame")));
}

TEST_F(FrameReaders, AddressesOfUnknownKindsAndMissingDevicesAreRefusedInOneLine) {
  for (const char* address : {"gopher://127.0.0.1/1", "/dev/video97", "concat://a|b",
                              "file:///etc/passwd", "rtsp://127.0.0.1:1/none"}) {
    try {
      open_frames(input_of(CameraInputKind::kStream, address), surroundings());
      ADD_FAILURE() << address;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(address));
      EXPECT_THAT(std::string(error.what()), Not(HasSubstr("\n")));
    }
  }
}

TEST_F(FrameReaders, ADeviceIsReadWhereThereIsOne) {
  if (!GRADSPACE_TEST_MEDIA || !fs::exists("/dev/video0")) {
    GTEST_SKIP() << "there is no /dev/video0, or no module media";
  }
  const auto reader =
      open_frames(input_of(CameraInputKind::kStream, "/dev/video0"), surroundings());
  EXPECT_TRUE(reader->next());
}

TEST(FrameSampler, TakesAsManyASecondAsWanted) {
  FrameSampler all(0);
  FrameSampler some(4);
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {  // 10 s at 100 a second
    EXPECT_TRUE(all.wants(i / 100.0));
    taken += some.wants(i / 100.0) ? 1 : 0;
  }
  EXPECT_EQ(taken, 40);
  EXPECT_TRUE(some.wants(1000));
  EXPECT_FALSE(some.wants(1000.1)) << "what a gap has cost is not made up for";
  FrameSampler slower(30);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(slower.wants(i / 25.0)) << "slower frames than wanted are all taken";
  }
}

class SimulatedCameras : public FrameReaders {
 protected:
  void SetUp() override {
    for (int i = 0; i < 6; ++i) {
      write_image(folder_ / fmt::format("{}.png", i),
                  testing::photograph_of_scene(80, 64, static_cast<std::uint64_t>(i)));
    }
  }
  std::vector<Image> frames(std::uint64_t seed, bool faults, std::size_t count) {
    CameraInput input = input_of(CameraInputKind::kSimulated, folder_.path());
    input.seed = seed;
    input.faults = faults;
    const auto reader = open_frames(input, surroundings());
    std::vector<Image> images;
    while (images.size() < count) {
      images.push_back(std::move(*reader->next()->image));
    }
    return images;
  }
};

TEST_F(SimulatedCameras, GiveTheFramesOfTheirSeedWithFaultsWhereTheirScriptSays) {
  constexpr std::size_t kFrames = 1000;
  const std::vector<Image> first = frames(5, true, kFrames);
  EXPECT_EQ(first, frames(5, true, kFrames));
  EXPECT_NE(first, frames(6, true, kFrames));
  const std::vector<Image> clean = frames(5, false, kFrames);
  FaultScript script(5);
  std::size_t faults = 0;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < kFrames; ++i) {
    const bool fault = script.at(i).has_value();
    faults += fault ? 1 : 0;
    changed += first[i] != clean[i] ? 1 : 0;
    ASSERT_TRUE(fault || first[i] == clean[i]) << i;
  }
  EXPECT_GT(faults, 50U);
  EXPECT_LT(faults, kFrames / 2);
  EXPECT_GT(changed, faults / 2) << "a little rain may miss a small picture";
}

}  // namespace
}  // namespace gradspace::monitor
