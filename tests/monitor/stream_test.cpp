// Streams: an RTSP server of the test's own, which ffmpeg publishes to; and files whose frames change their size.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "core/file.h"
#include "monitor/monitor_fixture.h"

namespace gradspace::monitor {
namespace {

/// A process that is killed with this object.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments) {
    std::vector<char*> words;
    for (const std::string& argument : arguments) {
      words.push_back(const_cast<char*>(argument.c_str()));
    }
    words.push_back(nullptr);
    int out[2] = {-1, -1};
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::execvp(words[0], words.data());
      ::_exit(127);
    }
    ::close(out[1]);
    output_ = ::fdopen(out[0], "r");
  }
  ~Process() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    std::fclose(output_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// The number at the end of its next line.
  int number() {
    int value = 0;
    EXPECT_EQ(std::fscanf(output_, "%*s %d", &value), 1);
    return value;
  }

 private:
  pid_t child_ = -1;
  std::FILE* output_ = nullptr;
};

class Streams : public MonitorFixture {
 protected:
  void SetUp() override {
    if (!GRADSPACE_TEST_MEDIA) {
      GTEST_SKIP() << "built without the module media";
    }
    if (std::string(GRADSPACE_FFMPEG).empty()) {
      GTEST_SKIP() << "there is no ffmpeg";
    }
  }

  static std::vector<std::string> ffmpeg(const std::vector<std::string>& options) {
    std::vector<std::string> words = {GRADSPACE_FFMPEG, "-v", "quiet", "-nostdin", "-y"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
  /// Publishes pictures of this size, 20 a second.
  static std::vector<std::string> publisher(int port, const std::string& size) {
    return ffmpeg({"-re", "-f", "lavfi", "-i", fmt::format("testsrc=size={}:rate=20", size), "-c:v",
                   "mpeg4", "-g", "5", "-f", "rtsp", "-rtsp_transport", "tcp", address(port)});
  }
  static bool has_frame_of_columns(const Notes& notes, int columns) {
    const std::vector<FrameVerdict> verdicts = notes.verdicts("gate");
    return std::ranges::find(verdicts, columns, &FrameVerdict::columns) != verdicts.end();
  }
  static std::string address(int port) { return fmt::format("rtsp://127.0.0.1:{}/a", port); }
};

TEST_F(Streams, AnRtspStreamIsReadLostAndFoundAgainInAnotherSize) {
  Process relay({GRADSPACE_PYTHON, GRADSPACE_RTSP_RELAY, "0"});
  const int port = relay.number();
  auto sender = std::make_unique<Process>(publisher(port, "320x240"));
  Notes notes;
  Monitor monitor(options_of({camera("gate", CameraInputKind::kStream, address(port))}), notes);
  monitor.start();
  ASSERT_TRUE(eventually([&] { return has_frame_of_columns(notes, 320 / 16); }));
  EXPECT_TRUE(monitor.cameras()[0].connected);
  sender.reset();
  ASSERT_TRUE(eventually([&] { return !monitor.cameras()[0].connected; }));
  EXPECT_THAT(monitor.cameras()[0].trouble, ::testing::HasSubstr(address(port)));
  sender = std::make_unique<Process>(publisher(port, "160x128"));
  ASSERT_TRUE(eventually([&] { return has_frame_of_columns(notes, 160 / 16); }));
  EXPECT_GE(monitor.cameras()[0].reconnects, 1);
  monitor.stop();
}

TEST_F(Streams, AFileWhoseFramesChangeTheirSizeIsReadToItsEnd) {
  std::string whole;
  for (const char* size : {"96x80", "160x96", "96x80"}) {
    const std::string part = (folder_ / "part.ts").string();
    const std::string command = fmt::format(
        "'{}' -v error -nostdin -y -f lavfi -i testsrc=size={}:rate=25 -frames:v 5 "
        "-c:v mpeg2video -f mpegts '{}'",
        GRADSPACE_FFMPEG, size, part);
    ASSERT_EQ(std::system(command.c_str()), 0);
    whole += read_text_file(part);
  }
  write_file(folder_ / "whole.ts", whole);
  Notes notes;
  Monitor monitor(
      options_of({camera("gate", CameraInputKind::kStream, (folder_ / "whole.ts").string())}),
      notes);
  monitor.start();
  ASSERT_TRUE(eventually([&] { return monitor.ended(); }));
  std::set<std::pair<int, int>> grids;
  for (const FrameVerdict& verdict : notes.verdicts("gate")) {
    if (verdict.failure.empty()) {
      grids.insert({verdict.columns, verdict.rows});
    }
  }
  EXPECT_EQ(grids, (std::set<std::pair<int, int>>{{6, 5}, {10, 6}}));
}

TEST_F(Streams, ADamagedFileIsReadAsFarAsItCanBe) {
  const std::string path = (folder_ / "a.ts").string();
  const std::string command = fmt::format(
      "'{}' -v error -nostdin -y -f lavfi -i testsrc=size=96x80:rate=25 -frames:v 40 -c:v "
      "mpeg2video -f mpegts '{}'",
      GRADSPACE_FFMPEG, path);
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::string file = read_text_file(path);
  for (std::size_t i = file.size() / 3; i < file.size() / 2; i += 7) {
    file[i] = static_cast<char>(file[i] ^ 0x55);
  }
  write_file(path, file);
  Notes notes;
  Monitor monitor(options_of({camera("gate", CameraInputKind::kStream, path)}), notes);
  monitor.start();
  ASSERT_TRUE(eventually([&] { return monitor.ended(); }));
  EXPECT_GE(notes.count("gate"), 5U);
}

}  // namespace
}  // namespace gradspace::monitor
