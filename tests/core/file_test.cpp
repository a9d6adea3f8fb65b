#include "core/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <thread>

#include "core/output_path.h"
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

/// A pipe in the file system, as `<(...)` of a shell or mkfifo make one.
std::filesystem::path make_pipe(const testing::TemporaryFolder& folder) {
  std::filesystem::path pipe = folder / "pipe";
  EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  return pipe;
}

TEST(ReadFile, ReadsAPipeToItsEnd) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path pipe = make_pipe(folder);
  std::string content(300'000, 'x');
  content += "end";
  Descriptor both(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));  // so that the reader finds a writer
  std::thread writer([&] {
    for (std::size_t at = 0; at < content.size();) {
      const std::string_view part = std::string_view(content).substr(at, 50'000);
      at += static_cast<std::size_t>(::write(both.get(), part.data(), part.size()));
    }
    both = Descriptor();
  });
  EXPECT_EQ(read_text_file(pipe), content);
  writer.join();
}

TEST(ReadFile, DoesNotWaitForAPipesWriter) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path pipe = make_pipe(folder);
  EXPECT_THAT([&] { read_file(pipe); },
              ThrowsMessage<IoError>(HasSubstr("pipe: nothing comes through this pipe")));
  EXPECT_THAT([&] { read_file_start(pipe, 4); },
              ThrowsMessage<IoError>(HasSubstr("is a pipe, not a regular file")));
}

TEST(ReadFile, RefusesAPipeOfMoreThanAllowed) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path pipe = make_pipe(folder);
  const Descriptor both(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::write(both.get(), "12345", 5), 5);
  EXPECT_THAT([&] { read_file(pipe, 4); },
              ThrowsMessage<FormatError>(HasSubstr("more than the 4")));
}

TEST(ReadFile, RefusesDevices) {
  EXPECT_THAT([] { read_file("/dev/zero"); },
              ThrowsMessage<IoError>(HasSubstr("is a device, not a regular file")));
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

std::set<std::string> names_of_files(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status = {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST(AtomicFile, WritesAnyNameThatIsLegal) {
  const testing::TemporaryFolder folder;
  for (const std::size_t length : {1U, 232U, 242U, 255U}) {
    const std::string name(length, 'n');
    write_file(folder / name, std::string_view("content"));
    EXPECT_EQ(read_text_file(folder / name), "content");
  }
  EXPECT_EQ(names_of_files(folder.path()).size(), 4U);
}

TEST(AtomicFile, FollowsLinksAlsoToWhatIsNotThereYet) {
  const testing::TemporaryFolder folder;
  make_folder(folder / "elsewhere");
  std::filesystem::create_symlink("elsewhere/real", folder / "link");
  std::filesystem::create_symlink("link", folder / "link-to-link");
  write_file(folder / "link-to-link", std::string_view("first"));
  EXPECT_EQ(read_text_file(folder / "elsewhere/real"), "first");
  write_file(folder / "link", std::string_view("second"));
  EXPECT_EQ(read_text_file(folder / "elsewhere/real"), "second");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link-to-link"));

  std::filesystem::create_symlink("circle-b", folder / "circle-a");
  std::filesystem::create_symlink("circle-a", folder / "circle-b");
  EXPECT_THAT([&] { AtomicFile(folder / "circle-a"); },
              ThrowsMessage<IoError>(HasSubstr("circle-a: can't write: its symbolic links")));
}

TEST(AtomicFile, KeepsTheModeOfTheFileThatItReplaces) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a", std::string_view("old"));
  ::chmod((folder / "a").c_str(), 0640);
  write_file(folder / "a", std::string_view("new"));
  EXPECT_EQ(mode_of(folder / "a"), 0640U);
  EXPECT_EQ(read_text_file(folder / "a"), "new");
}

TEST(AtomicFile, WritesThroughToPipesAndDevices) {
  write_file("/dev/null", std::string_view("gone"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_THAT([] { write_file("/dev/full", std::string_view("too much")); },
              ThrowsMessage<IoError>(HasSubstr("/dev/full: can't write: No space left")));

  const testing::TemporaryFolder folder;
  const std::filesystem::path pipe = make_pipe(folder);
  EXPECT_THAT([&] { AtomicFile{pipe}; }, ThrowsMessage<IoError>(HasSubstr("nobody reads")));
  const Descriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  write_file(pipe, std::string_view("through"));
  std::string read(16, ' ');
  read.resize(static_cast<std::size_t>(::read(reader.get(), read.data(), read.size())));
  EXPECT_EQ(read, "through");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST(AtomicFile, RefusesAFolder) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT([&] { AtomicFile{folder.path()}; },
              ThrowsMessage<IoError>(HasSubstr("can't write: is a folder")));
}

/// A writer that dies in the middle.
void die_while_writing(const std::filesystem::path& target) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    AtomicFile file(target);
    file.write("half");
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST(AtomicFile, SweepsWhatWritersLeftThatDied) {
  const testing::TemporaryFolder folder;
  die_while_writing(folder / "a");
  EXPECT_EQ(names_of_files(folder.path()).size(), 1U);
  write_file(folder / "b", std::string_view("whole"));
  EXPECT_THAT(names_of_files(folder.path()), ::testing::ElementsAre("b"));
}

TEST(AtomicFile, LocksItsFileSoThatNobodySweepsIt) {
  const testing::TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.write("ours");
  const std::set<std::string> names = names_of_files(folder.path());
  ASSERT_EQ(names.size(), 1U);
  const Descriptor other(::open((folder / *names.begin()).c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_NE(::flock(other.get(), LOCK_EX | LOCK_NB), 0);
  file.commit();
  EXPECT_EQ(read_text_file(folder / "a"), "ours");
}

TEST(AtomicFile, SweepsWhatOlderVersionsLeftOfItsTarget) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"m.checkpoint.tmp-1-17", "m.checkpoint.tmp-1-0", "other.tmp-1-0",
                           "m.checkpoint.tmp-notes", "m.checkpoint.tmp-1-"}) {
    const Descriptor made(::open((folder / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    ASSERT_TRUE(made);
  }
  write_file(folder / "m.checkpoint", std::string_view("whole"));
  EXPECT_THAT(names_of_files(folder.path()),
              ::testing::ElementsAre("m.checkpoint", "m.checkpoint.tmp-1-",
                                     "m.checkpoint.tmp-notes", "other.tmp-1-0"));
}

TEST(AtomicFile, ServesManyWritersOfOneTarget) {
  const testing::TemporaryFolder folder;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        write_file(folder / "a", std::string_view("whole"));
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  EXPECT_THAT(names_of_files(folder.path()), ::testing::ElementsAre("a"));
  EXPECT_EQ(read_text_file(folder / "a"), "whole");
}

TEST(PathWithSuffix, CutsNamesThatWouldBecomeTooLong) {
  EXPECT_EQ(path_with_suffix("folder/set", ".partial"), "folder/set.partial");
  const std::string longest(255, 'n');
  const std::filesystem::path cut = path_with_suffix("folder/" + longest, ".partial");
  EXPECT_EQ(cut.parent_path(), "folder");
  EXPECT_EQ(cut.filename().string().size(), 255U);
  EXPECT_TRUE(cut.string().ends_with(".partial"));
  EXPECT_NE(cut, path_with_suffix("folder/" + std::string(254, 'n') + "m", ".partial"));
  const std::string cyrillic = [] {
    std::string text;
    for (int i = 0; i < 127; ++i) {
      text += "\xD0\x96";
    }
    return text;
  }();
  const std::string name = path_with_suffix(cyrillic, ".partial").filename().string();
  EXPECT_EQ(name.find('-') % 2, 0U) << "cut within a character";
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
