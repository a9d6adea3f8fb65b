#include "data/source_identity.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/file.h"
#include "gradspace/feature_set.h"
#include "gradspace/image.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

class SourceIdentity : public ::testing::Test {
 protected:
  SourceIdentity() {
    fs::create_directory(images_);
    for (int i = 0; i < 5; ++i) {
      write(i, 10 * i);
    }
  }

  void write(int number, int value) const {
    Image image(8, 8, 1);
    image.row(3)[3] = static_cast<std::uint8_t>(value);
    write_image(images_ / fmt::format("{}.pgm", number), image);
  }

  std::string identity() const {
    KnownContents contents(folder_ / "known.json");
    const std::string found = content_identity(*open_source(images_), contents);
    contents.save();
    return found;
  }

  std::string state() const { return files_state(*open_source(images_)); }

  /// As if all had happened long ago.
  void forget_recent_changes() const {
    std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  }

  testing::TemporaryFolder folder_;
  fs::path images_ = folder_ / "images";
};

TEST_F(SourceIdentity, IsOfNamesAndContents) {
  const std::string before = identity();
  EXPECT_EQ(identity(), before);
  write(2, 99);
  const std::string other = identity();
  EXPECT_NE(other, before);
  write(2, 20);
  EXPECT_EQ(identity(), before);
  fs::rename(images_ / "2.pgm", images_ / "2b.pgm");
  EXPECT_NE(identity(), before);
}

TEST_F(SourceIdentity, ReadsWhatIsKnownOnceMoreOnlyWhenItsStateHasChanged) {
  forget_recent_changes();
  const std::string before = identity();
  // What is known and has not changed is not read: a later process says the same without a new file to save.
  const auto saved = fs::last_write_time(folder_ / "known.json");
  EXPECT_EQ(identity(), before);
  EXPECT_EQ(fs::last_write_time(folder_ / "known.json"), saved);
  const auto time = fs::last_write_time(images_ / "1.pgm");
  write(1, 77);
  fs::last_write_time(images_ / "1.pgm", time);
  EXPECT_NE(identity(), before) << "the same size and time, but written since";
}

TEST_F(SourceIdentity, KnowsNamesAgainThatAreNoUtf8) {
  fs::rename(images_ / "2.pgm", images_ / "\xe9.pgm");
  forget_recent_changes();
  identity();
  const auto known = read_file(folder_ / "known.json");
  identity();
  EXPECT_EQ(read_file(folder_ / "known.json"), known) << "it was read, and noted, again";
}

TEST_F(SourceIdentity, ForgetsWhatADamagedFileSays) {
  const std::string before = identity();
  write_file(folder_ / "known.json", std::string_view("{"));
  EXPECT_EQ(identity(), before);
}

TEST_F(SourceIdentity, FilesStateChangesWithATouch) {
  const std::string before = state();
  EXPECT_EQ(state(), before);
  fs::last_write_time(images_ / "4.pgm", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_NE(state(), before);
}

}  // namespace
}  // namespace gradspace
