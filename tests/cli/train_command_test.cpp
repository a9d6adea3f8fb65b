// `gradspace train` as a process: killed, interrupted, asked for the impossible.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "support/test_files.h"
#include "train/fakes.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class TrainCommand : public ::testing::Test {
 protected:
  TrainCommand() {
    std::filesystem::create_directory(folder_ / "images");
    for (std::uint64_t i = 0; i < 30; ++i) {
      write_image(folder_ / "images" / (std::to_string(i) + ".pgm"),
                  testing::random_image(9, 9, 1, i));
    }
    write_file(folder_ / "spec.json",
               std::string_view(R"({"input": [1, 8, 8], "down": [{"out_channels": 2}],
                                    "latent": 2, "up": [{"out_channels": 1}]})"));
  }

  /// The process of `gradspace train` on the images, its output in files.
  pid_t start(const std::filesystem::path& out, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {GRADSPACE_COMMAND, "train",
                                      "--data",          (folder_ / "images").string(),
                                      "--spec",          spec().string(),
                                      "--out",           out.string(),
                                      "--batch",         "8",
                                      "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    for (std::string& word : words) {
      arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const std::string output = (folder_ / "stdout").string();
    const std::string messages = (folder_ / "stderr").string();
    const pid_t process = fork();
    if (process == 0) {
      dup2(open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
      dup2(open(messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    return process;
  }

  /// The exit status, or -1 for a process ended by a signal.
  static int finish(pid_t process) {
    int status = 0;
    EXPECT_EQ(waitpid(process, &status, 0), process);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  /// Waits for the first epoch's end, or for the end of all.
  static void wait_for_checkpoint(const std::filesystem::path& out) {
    for (int i = 0; i < 60'000; ++i) {
      if (std::filesystem::exists(out.string() + ".checkpoint") || std::filesystem::exists(out)) {
        return;
      }
      std::this_thread::sleep_for(1ms);
    }
    FAIL() << "no checkpoint appeared";
  }

  std::filesystem::path spec() const { return folder_ / "spec.json"; }
  std::string output() const { return read_text_file(folder_ / "stdout"); }
  std::string messages() const { return read_text_file(folder_ / "stderr"); }

  testing::TemporaryFolder folder_;
};

TEST_F(TrainCommand, EndsTheSameAfterKills) {
  const std::vector<std::string> options = {"--epochs", "80", "--resume"};
  ASSERT_EQ(finish(start(folder_ / "whole", options)), 0) << messages();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "whole.checkpoint"));
  int kills = 0;
  for (const auto delay : {0ms, 3ms, 17ms}) {
    const pid_t process = start(folder_ / "killed", options);
    wait_for_checkpoint(folder_ / "killed");
    std::this_thread::sleep_for(delay);
    kill(process, SIGKILL);
    kills += finish(process) == -1 ? 1 : 0;
  }
  EXPECT_GE(kills, 1) << "it was too fast to be killed";
  ASSERT_EQ(finish(start(folder_ / "killed", options)), 0) << messages();
  EXPECT_EQ(read_file(folder_ / "killed"), read_file(folder_ / "whole"));

  ASSERT_EQ(finish(start(folder_ / "killed", options)), 0);
  EXPECT_THAT(output(), HasSubstr("trained already"));
}

TEST_F(TrainCommand, KeepsItsCheckpointAloneOnASignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::filesystem::path out = folder_ / ("m" + std::to_string(signal));
    const pid_t process = start(out, {"--epochs", "1000000"});
    wait_for_checkpoint(out);
    kill(process, signal);
    EXPECT_EQ(finish(process), 128 + signal) << "`train && fit` would go on";
    EXPECT_THAT(messages(), AllOf(HasSubstr("is not written"), HasSubstr("--resume goes on from")));
    EXPECT_TRUE(std::filesystem::exists(out.string() + ".checkpoint"));
    EXPECT_FALSE(std::filesystem::exists(out));
  }
}

TEST_F(TrainCommand, FinishesOnAnInterruptWhereAskedTo) {
  const pid_t process = start(folder_ / "m", {"--epochs", "1000000", "--finish-on-interrupt"});
  wait_for_checkpoint(folder_ / "m");
  kill(process, SIGINT);
  EXPECT_EQ(finish(process), 0);
  EXPECT_THAT(output(), AllOf(HasSubstr("m: best epoch "), HasSubstr("validation loss ")));
  EXPECT_THAT(messages(), HasSubstr("--resume goes on from"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "m.checkpoint"));
  EXPECT_NO_THROW(read_model(folder_ / "m"));
}

TEST_F(TrainCommand, DoesNotOverwriteACheckpointThatIsNotSpokenOf) {
  const pid_t process = start(folder_ / "m", {"--epochs", "1000000"});
  wait_for_checkpoint(folder_ / "m");
  kill(process, SIGKILL);
  finish(process);
  const auto checkpoint = read_file(folder_ / "m.checkpoint");

  EXPECT_EQ(finish(start(folder_ / "m", {"--epochs", "1"})), 2);
  EXPECT_THAT(messages(), AllOf(HasSubstr("m.checkpoint: left by a training"),
                                HasSubstr("--resume"), HasSubstr("--restart")));
  EXPECT_EQ(read_file(folder_ / "m.checkpoint"), checkpoint);
  EXPECT_EQ(finish(start(folder_ / "m", {"--epochs", "1", "--restart", "--resume"})), 2);

  ASSERT_EQ(finish(start(folder_ / "m", {"--epochs", "1", "--restart"})), 0) << messages();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "m.checkpoint"));
  ASSERT_EQ(finish(start(folder_ / "new", {"--epochs", "1"})), 0) << messages();
  EXPECT_EQ(read_file(folder_ / "m"), read_file(folder_ / "new"));
}

TEST_F(TrainCommand, SaysWhatItCannotDo) {
  const auto refused = [&](const std::vector<std::string>& options, int status,
                           const char* message) {
    EXPECT_EQ(finish(start(folder_ / "m", options)), status);
    EXPECT_THAT(messages(), HasSubstr(message));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "m"));
  };
  refused({"--epochs", "0"}, 2, "--epochs: '0' is not a whole number of 1 or more");
  refused({"--backend", "native", "--device", "cuda"}, 2, "the native backend runs on the cpu");
  refused({"--val", "/no/such/place"}, 1, "/no/such/place");
  refused({"--epoch", "3"}, 2, "did you mean --epochs?");
  EXPECT_EQ(finish(start(folder_ / "missing/m", {})), 1);
  EXPECT_THAT(messages(), HasSubstr("there is no folder"));
}

TEST_F(TrainCommand, LeavesOutImagesThatCannotBeRead) {
  write_file(folder_ / "images/bad.pgm", std::string_view("P5 9 9 255\n123"));
  EXPECT_EQ(finish(start(folder_ / "m", {"--epochs", "1"})), 0);
  EXPECT_THAT(messages(), AllOf(HasSubstr("left out: "), HasSubstr("bad.pgm")));
}

}  // namespace
}  // namespace gradspace
