// Pillow as the oracle: pillow_oracle.py writes files in every mode and what Pillow reads from them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/module_formats.h"
#include "image/test_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::read_npy_image;

class Pillow : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<testing::TemporaryFolder>();
    const std::string command =
        fmt::format("'{}' '{}' '{}'", GRADSPACE_PYTHON, PILLOW_ORACLE, folder_->path().string());
    const int status = std::system(command.c_str());
    exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  void SetUp() override {
    constexpr int kNoPillow = 77;
    if (exit_status_ == kNoPillow) {
      GTEST_SKIP() << "Pillow is not installed for " << GRADSPACE_PYTHON;
    }
    ASSERT_EQ(exit_status_, 0) << PILLOW_ORACLE;
  }

  static std::vector<std::filesystem::path> files(const std::string& sub_folder) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(*folder_ / sub_folder)) {
      found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  static inline std::unique_ptr<testing::TemporaryFolder> folder_;
  static inline int exit_status_ = -1;
};

/// "none", or the first sample that differs.
std::string difference(const Image& ours, const Image& pillows) {
  const auto shape = [](const Image& image) {
    return fmt::format("{}x{}x{}", image.width(), image.height(), image.channels());
  };
  if (shape(ours) != shape(pillows)) {
    return fmt::format("{} where Pillow has {}", shape(ours), shape(pillows));
  }
  const auto a = ours.pixels();
  const auto b = pillows.pixels();
  const auto [at, other] = std::mismatch(a.begin(), a.end(), b.begin());
  return at == a.end()
             ? "none"
             : fmt::format("sample {} is {} where Pillow has {}", at - a.begin(), *at, *other);
}

TEST_F(Pillow, ReadsTheSamePixels) {
  int compared = 0;
  for (const std::filesystem::path& path : files("files")) {
    auto expected = path;
    expected.replace_extension(".npy");
    if (path == expected || !std::filesystem::exists(expected)) {
      continue;
    }
    try {
      EXPECT_EQ(difference(read_image(path), read_npy_image(expected)), "none") << path.filename();
    } catch (const Error& error) {
      ADD_FAILURE() << "refused, but Pillow reads it: " << error.what();
    }
    ++compared;
  }
  EXPECT_GT(compared, 2000);
}

TEST_F(Pillow, RefusesTheSameFiles) {
  int refused = 0;
  for (const std::filesystem::path& path : files("files")) {
    auto marker = path;
    marker.replace_extension(".refused");
    if (path == marker || !std::filesystem::exists(marker)) {
      continue;
    }
    EXPECT_THROW(read_image(path), FormatError) << path.filename();
    ++refused;
  }
  EXPECT_GT(refused, 300);
}

/// Compares what is read of a folder's files with what Pillow reads; returns how many files there are.
template <typename Files>
int compare_folder(const Files& files) {
  int compared = 0;
  for (const std::filesystem::path& path : files) {
    const std::string extension = path.extension().string();
    if (extension == ".npy" || extension == ".refused") {
      continue;
    }
    auto expected = path;
    expected.replace_extension(".npy");
    ++compared;
    if (!std::filesystem::exists(expected)) {
      EXPECT_THROW(read_image(path), FormatError) << path.filename();
      continue;
    }
    try {
      EXPECT_EQ(difference(read_image(path), read_npy_image(expected)), "none") << path.filename();
    } catch (const Error& error) {
      ADD_FAILURE() << "refused, but Pillow reads it: " << error.what();
    }
  }
  return compared;
}

TEST_F(Pillow, ReadsTheSamePixelsOfModules) {
  if (testing::is_built("webp")) {
    EXPECT_EQ(compare_folder(files("webp")), 40);
  }
  if (testing::is_built("tiff")) {
    EXPECT_GT(compare_folder(files("tiff")), 200);
  }
}

TEST_F(Pillow, ResizesToTheSameBytes) {
  int compared = 0;
  for (const std::filesystem::path& path : files("resize")) {
    const std::string size = path.stem().extension().string();  // ".28x28" of a result
    int width = 0;
    int height = 0;
    if (std::sscanf(size.c_str(), ".%dx%d", &width, &height) != 2) {
      continue;
    }
    const auto input = path.parent_path() / (path.stem().stem().string() + ".npy");
    EXPECT_EQ(
        difference(resize_bilinear(read_npy_image(input), width, height), read_npy_image(path)),
        "none")
        << path.filename();
    ++compared;
  }
  EXPECT_GT(compared, 300);
}

/// What became of a file: the pixels, or why there are none.
struct Outcome {
  std::vector<std::uint8_t> pixels;
  std::string refusal;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome step_by_step(const std::filesystem::path& path, int width, int height, int channels) {
  try {
    const Image image = read_image(path);
    const Image fitted =
        resize_bilinear(channels == 3 ? to_rgb(image) : to_grey(image), width, height);
    return {{fitted.pixels().begin(), fitted.pixels().end()}, ""};
  } catch (const FormatError& error) {
    return {{}, error.what()};
  }
}

Outcome row_by_row(FixedSizeReader& reader, const std::filesystem::path& path) {
  Outcome outcome;
  try {
    outcome.pixels.resize(reader.size());
    reader.read(path, outcome.pixels);
  } catch (const FormatError& error) {
    outcome = {{}, error.what()};
  }
  return outcome;
}

// Interlaced or not, of one scan or several, whole or cut: rows that are resized as they come make no difference.
TEST_F(Pillow, FilesComeRowByRowAsTheyComeWhole) {
  for (const int channels : {1, 3}) {
    FixedSizeReader reader(6, 4, channels);
    for (const std::filesystem::path& path : files("files")) {
      const std::string extension = path.extension().string();
      if (extension == ".npy" || extension == ".refused") {
        continue;
      }
      const Outcome whole = step_by_step(path, 6, 4, channels);
      ASSERT_TRUE(row_by_row(reader, path) == whole) << path.filename() << ' ' << whole.refusal;
    }
  }
}

TEST_F(Pillow, DraftsTheSamePixels) {
  int compared = 0;
  for (const std::filesystem::path& path : files("drafts")) {
    const std::string size = path.stem().extension().string();
    int width = 0;
    int height = 0;
    if (std::sscanf(size.c_str(), ".%dx%d", &width, &height) != 2) {
      continue;
    }
    FixedSizeReader reader(width, height, 3, Decoding::kFast);
    std::vector<std::uint8_t> pixels(reader.size());
    reader.read(path.parent_path() / (path.stem().stem().string() + ".jpg"), pixels);
    EXPECT_EQ(difference(Image(width, height, 3, pixels), read_npy_image(path)), "none")
        << path.filename();
    ++compared;
  }
  EXPECT_EQ(compared, 168);
}

TEST_F(Pillow, HasTheSameLuma) {
  const auto all = files("grey");
  ASSERT_EQ(all.size(), 2U);  // 0.grey.npy, 0.npy
  EXPECT_EQ(difference(to_grey(read_npy_image(all[1])), read_npy_image(all[0])), "none");
}

}  // namespace
}  // namespace gradspace
