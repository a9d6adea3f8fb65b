#include "core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ReadFile, GivesBackWhatWasWritten) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a", std::string_view("one\0two", 7));
  EXPECT_EQ(read_text_file(folder / "a"), std::string("one\0two", 7));
}

TEST(ReadFile, NamesTheFileAndTheReason) {
  EXPECT_THAT([] { read_file("/no/such/file"); },
              ThrowsMessage<IoError>(HasSubstr("/no/such/file: can't open: No such file")));
  EXPECT_THAT([] { read_file("/"); }, ThrowsMessage<IoError>(HasSubstr("not a regular file")));
}

TEST(ReadFile, RefusesMoreThanAllowed) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a", std::string_view("12345"));
  EXPECT_NO_THROW(read_file(folder / "a", 5));
  EXPECT_THROW(read_file(folder / "a", 4), FormatError);
}

TEST(ReadFile, ReadsTheStartOfALongerFile) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a", std::string_view("12345"));
  EXPECT_EQ(read_file_start(folder / "a", 3), (std::vector<std::uint8_t>{'1', '2', '3'}));
  EXPECT_EQ(read_file_start(folder / "a", 9).size(), 5U);
}

TEST(AtomicFile, LeavesTheOldFileUntilCommitted) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a", std::string_view("old"));
  {
    AtomicFile file(folder / "a");
    file.write("new");
    EXPECT_EQ(read_text_file(folder / "a"), "old");
  }
  EXPECT_EQ(read_text_file(folder / "a"), "old");
  AtomicFile file(folder / "a");
  file.write("new");
  file.commit();
  EXPECT_EQ(read_text_file(folder / "a"), "new");
  const auto entries = std::distance(std::filesystem::directory_iterator(folder.path()),
                                     std::filesystem::directory_iterator());
  EXPECT_EQ(entries, 1) << "a temporary file was left behind";
}

TEST(AtomicFile, RefusesAFolderThatIsNotThere) {
  EXPECT_THAT([] { AtomicFile("/no/such/folder/a"); },
              ThrowsMessage<IoError>(HasSubstr("/no/such/folder/a: can't write")));
}

TEST(MakeFolder, MakesThoseThatItLiesInAndNamesWhatIsInTheWay) {
  const testing::TemporaryFolder folder;
  make_folder(folder / "a/b/c");
  make_folder(folder / "a/b/c");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));
  write_file(folder / "a/file", "x");
  EXPECT_THAT([&] { make_folder(folder / "a/file/b"); },
              ThrowsMessage<IoError>(HasSubstr("a/file/b: can't make the folder: ")));
}

}  // namespace
}  // namespace gradspace
