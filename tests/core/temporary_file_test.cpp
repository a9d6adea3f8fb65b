#include "core/temporary_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Sets $TMPDIR for as long as it lives.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& folder) {
    if (const char* before = std::getenv("TMPDIR")) {
      before_ = before;
    }
    ::setenv("TMPDIR", folder.c_str(), 1);
  }
  ~TemporaryDirectory() {
    before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

 private:
  std::string before_;
};

TEST(TemporaryFile, GivesBackWhatWasAppendedAndLeavesNoName) {
  const testing::TemporaryFolder folder;
  const TemporaryDirectory here(folder.path().string());
  TemporaryFile file;
  file.append(std::vector<std::uint8_t>{1, 2, 3});
  file.append(std::vector<std::uint8_t>{4});
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  const RandomAccessFile read = file.release("inflated");
  EXPECT_EQ(read.size(), 4U);
  EXPECT_EQ(read.name(), "inflated");
  std::vector<std::uint8_t> bytes(2);
  read.read_exactly(2, bytes);
  EXPECT_EQ(bytes, (std::vector<std::uint8_t>{3, 4}));
}

TEST(TemporaryFile, MapsZerosThatCanBeWritten) {
  TemporaryFile file;
  const std::span<std::uint8_t> bytes = file.map(10000, "images");
  ASSERT_EQ(bytes.size(), 10000U);
  EXPECT_EQ(std::ranges::count(bytes, 0), 10000);
  std::ranges::fill(bytes, std::uint8_t{7});
  EXPECT_EQ(std::ranges::count(bytes, 7), 10000);
}

TEST(TemporaryFile, SaysWhatThereIsNoRoomFor) {
  TemporaryFile file;
  const auto too_much = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max() / 2);
  EXPECT_THAT([&] { file.map(too_much, "images"); },
              ThrowsMessage<IoError>(HasSubstr("bytes of images: ")));
}

TEST(TemporaryFile, NeedsAFolder) {
  const testing::TemporaryFolder folder;
  const TemporaryDirectory nowhere((folder / "missing").string());
  EXPECT_THAT([] { TemporaryFile(); },
              ThrowsMessage<IoError>(HasSubstr("($TMPDIR) can't be used")));
}

}  // namespace
}  // namespace gradspace
