#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "core/file.h"
#include "core/hash.h"
#include "gradspace/feature_set.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/npy.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Images that take a while to read and resize.
constexpr int kLargeSide = 512;

class ExtractCommand : public ::testing::Test {
 protected:
  ExtractCommand() { write_model(folder_ / "m.safetensors", initialise(AutoencoderSpec{}, 1)); }

  void write_picture(const std::string& name, std::uint8_t value, int side = 35) {
    fs::create_directories((folder_ / name).parent_path());
    Image image(side, side, 3);
    for (std::size_t i = 0; i < image.pixels().size(); ++i) {
      image.pixels()[i] = static_cast<std::uint8_t>(value + i * i);
    }
    write_image(folder_ / name, image);
  }

  pid_t start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {GRADSPACE_COMMAND, "extract", "--model",
                                         (folder_ / "m.safetensors").string()});
    const pid_t child = fork();
    if (child == 0) {
      std::vector<char*> pointers;
      for (std::string& argument : arguments) {
        pointers.push_back(argument.data());
      }
      pointers.push_back(nullptr);
      const bool redirected = freopen((folder_ / "stdout").c_str(), "w", stdout) != nullptr &&
                              freopen((folder_ / "stderr").c_str(), "w", stderr) != nullptr;
      if (redirected) {
        execv(pointers[0], pointers.data());
      }
      _exit(127);
    }
    return child;
  }

  static int wait_for(pid_t child) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  int extract(const std::vector<std::string>& arguments) { return wait_for(start(arguments)); }

  std::string text(const std::string& name) { return read_text_file(folder_ / name); }
  std::string path(const std::string& name) { return (folder_ / name).string(); }

  testing::TemporaryFolder folder_;
};

TEST_F(ExtractCommand, WritesTheProposedFeaturesOfASet) {
  write_picture("tree/RealChallengeFree/train/01_02_00_00_00_00_0001.bmp", 1);
  write_picture("tree/RealChallenge/09_03/train/01_02_09_03_00_00_0001.bmp", 2);
  EXPECT_EQ(extract({"--data", path("tree"), "--out", path("set")}), 0) << text("stderr");
  EXPECT_EQ(text("stdout"), path("set") + ": 2 rows of 1872 features\n");
  const FeatureSet set(folder_ / "set");
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(set.meta().columns, (std::vector<FeatureBlock>{{"down.6", Loss::kKld, 0, 1728},
                                                           {"up.6", Loss::kBce, 1728, 1872}}));
  EXPECT_EQ(set.meta().model_sha256, sha256_hex_of_file(folder_ / "m.safetensors"));
  EXPECT_EQ(set.index()[0].image.level, 3);
  EXPECT_EQ(set.index()[0].label, 0);
  EXPECT_EQ(set.index()[1].label, 1);
}

TEST_F(ExtractCommand, ListsWhatFailedAndWritesTheRest) {
  write_picture("images/a.bmp", 1);
  write_file(folder_ / "images/b.bmp", std::string_view("BM"));
  write_file(folder_ / "images/notes.txt", std::string_view("hello"));
  EXPECT_EQ(extract({"--data", path("images"), "--out", path("set"), "--quiet"}), 1);
  EXPECT_THAT(text("stderr"), HasSubstr("images/b.bmp: "));
  EXPECT_THAT(text("stderr"), HasSubstr("1 of 2 images could not be read"));
  EXPECT_EQ(FeatureSet(folder_ / "set").size(), 1U);
  EXPECT_EQ(extract({"--data", path("images"), "--out", path("set"), "--features", "mu"}), 1);
  EXPECT_THAT(text("stderr"), HasSubstr("files passed over, the first: notes.txt: not an image"));
  EXPECT_EQ(FeatureSet(folder_ / "set").dimension(), 20U);
}

TEST_F(ExtractCommand, SaysInOneLineWhatIsWrong) {
  write_picture("images/a.bmp", 1);
  const auto one_line = [&](const std::vector<std::string>& more, int status) {
    std::vector<std::string> arguments = {"--data", path("images"), "--out", path("set")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(extract(arguments), status);
    const std::string line = text("stderr");
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
    EXPECT_FALSE(fs::exists(folder_ / "set"));
    EXPECT_FALSE(fs::exists(folder_ / "set.partial"));
    return line;
  };
  EXPECT_THAT(one_line({"--features", "down.7:kld"}, 1), HasSubstr("down.7"));
  EXPECT_THAT(one_line({"--device", "cuda"}, 2), HasSubstr("the native backend runs on the cpu"));
  EXPECT_THAT(one_line({"--source", "idx"}, 1), HasSubstr("no IDX images file"));
  EXPECT_THAT(one_line({"--source", "mnist"}, 2), HasSubstr("mnist"));
  EXPECT_THAT(one_line({"--batch", "0"}, 2), HasSubstr("--batch"));
  EXPECT_THAT(one_line({"--thread", "2"}, 2), HasSubstr("--thread"));
}

TEST_F(ExtractCommand, InterruptedAndCalledAgainItGivesTheSameBytes) {
  write_picture("images/0.bmp", 1, kLargeSide);
  for (int i = 1; i < 400; ++i) {
    fs::create_hard_link(folder_ / "images/0.bmp",
                         folder_ / ("images/" + std::to_string(i) + ".bmp"));
  }
  const std::vector<std::string> arguments = {"--data", path("images"), "--batch", "1", "--threads",
                                              "1",      "--out"};
  const auto with_out = [&](const std::string& name) {
    std::vector<std::string> all = arguments;
    all.push_back(path(name));
    return all;
  };
  const pid_t child = start(with_out("set"));
  // Until a row is written, so that there is something to go on after.
  constexpr std::uintmax_t kHeader = 4096;
  const auto has_rows = [features = folder_ / "set.partial/features.npy"] {
    std::error_code absent;
    const std::uintmax_t size = fs::file_size(features, absent);
    return !absent && size > kHeader;
  };
  while (!has_rows() && waitpid(child, nullptr, WNOHANG) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_EQ(kill(child, SIGINT), 0);
  ASSERT_EQ(wait_for(child), 128 + SIGINT);
  EXPECT_THAT(text("stderr"), HasSubstr("the same command goes on"));
  EXPECT_FALSE(fs::exists(folder_ / "set"));

  EXPECT_EQ(extract(with_out("set")), 0);
  EXPECT_THAT(text("stderr"), HasSubstr("going on after"));
  EXPECT_EQ(extract(with_out("whole")), 0);
  for (const char* file : {"features.npy", "index.csv", "meta.json"}) {
    EXPECT_EQ(read_file(folder_ / "set" / file), read_file(folder_ / "whole" / file)) << file;
  }
}

TEST_F(ExtractCommand, AgreesWithTheOriginalCode) {
  const auto shared = testing::shared_data();
  if (!shared) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  const fs::path golden = *shared / "golden/ood";
  write_model(folder_ / "m.safetensors", import_pytorch_checkpoint(golden / "vae.pth.tar"));
  const std::vector<std::uint8_t> images = read_file(golden / "images_u8_nhwc.npy");
  constexpr std::size_t kSize = 28 * 28 * 3;
  constexpr std::size_t kCount = 19;
  const NpyHeader header = parse_npy_header(images, "images");
  fs::create_directory(folder_ / "images");
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto begin = images.begin() + static_cast<std::ptrdiff_t>(header.data_offset + i * kSize);
    const Image image(28, 28, 3, {begin, begin + kSize});
    write_image(folder_ / ("images/" + std::to_string(10 + i) + ".bmp"), image);
  }
  for (const char* features : {"all", "all:elbo"}) {
    ASSERT_EQ(extract({"--data", path("images"), "--out", path("set"), "--features", features}), 0)
        << text("stderr");
    const FeatureSet set(folder_ / "set");
    ASSERT_EQ(set.size(), kCount);
    for (const FeatureBlock& block : set.meta().columns) {
      const Tensor wanted = read_npy(
          golden / ("grad." + std::string(name(*block.loss)) + "." + block.layer + ".weight.npy"));
      const std::size_t size = block.end - block.begin;
      for (std::size_t i = 0; i < kCount; ++i) {
        double difference = 0;
        double norm = 0;
        for (std::size_t k = 0; k < size; ++k) {
          const double value = wanted.values[i * size + k];
          difference += std::pow(set.row(i)[block.begin + k] - value, 2);
          norm += value * value;
        }
        // 5e-5 is what the golden folder allows a float32 implementation.
        EXPECT_LE(std::sqrt(difference), 5e-5 * std::sqrt(norm)) << block.layer << ", image " << i;
      }
    }
  }
}

}  // namespace
}  // namespace gradspace
