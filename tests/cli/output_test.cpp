#include "cli/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "core/file.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(Shown, EscapesWhatMovesATerminal) {
  EXPECT_EQ(shown("plain text, 'quotes' \\ and all"), "plain text, 'quotes' \\ and all");
  EXPECT_EQ(shown("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(shown("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f");
  EXPECT_EQ(shown(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(shown("pluie d'\xc3\xa9t\xc3\xa9, \xe9\x9b\xa8, \xf0\x9f\x8c\xa7"),
            "pluie d'\xc3\xa9t\xc3\xa9, \xe9\x9b\xa8, \xf0\x9f\x8c\xa7");
  EXPECT_EQ(shown("\xc2\x9b"
                  "31m"),
            "\\xc2\\x9b31m")
      << "a control character of eight bits";
  EXPECT_EQ(shown("\xe2\x80\xae"
                  "gpj"),
            "\\xe2\\x80\\xaegpj")
      << "writes from right to left";
  EXPECT_EQ(shown("\xe9t\xe9"), "\\xe9t\\xe9") << "Latin-1";
  EXPECT_EQ(shown("\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82"),
            "\\xc0\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80 \\xe2\\x82");
}

/// Two images and the command, as a shell runs it.
class Streams : public ::testing::Test {
 protected:
  Streams() {
    Image image(32, 32, 3);
    write_image(folder_ / "a.png", image);
    image.pixels()[0] = 200;
    write_image(folder_ / "b.png", image);
  }

  /// The exit status of a shell's line, in which "gradspace" is the command.
  int run(const std::string& line) const {
    const auto output =
        testing::run_shell(fmt::format("cd {} && PATH={}:$PATH; {}", folder_.path().string(),
                                       fs::path(GRADSPACE_COMMAND).parent_path().string(), line));
    return WIFEXITED(output.status) ? WEXITSTATUS(output.status) : -1;
  }

  std::string text(const std::string& file) const { return read_text_file(folder_ / file); }

  testing::TemporaryFolder folder_;
};

TEST_F(Streams, ResultsThatCantBeWrittenFailTheCommand) {
  const std::string metric = " --metric psnr ";
  for (const std::string form : {"table", "csv", "jsonl"}) {
    EXPECT_EQ(run("gradspace iqa a.png b.png" + metric + "--format " + form + " >/dev/full 2>err"),
              1);
    EXPECT_THAT(text("err"), HasSubstr("standard output: can't write: No space left"));
  }
  EXPECT_EQ(run("gradspace iqa a.png b.png" + metric + ">&- 2>err"), 1);
  EXPECT_THAT(text("err"), HasSubstr("standard output: can't write: it is closed"));
  EXPECT_EQ(run("gradspace --help >/dev/full 2>err"), 1);
  EXPECT_EQ(run("gradspace --version >&- 2>err"), 1);
  EXPECT_EQ(run("gradspace info a.npy >/dev/full 2>err"), 1);
  EXPECT_EQ(run("gradspace reference markdown >/dev/full 2>err"), 1);
}

TEST_F(Streams, AFilePastTheLimitIsAMessageAndNoSignal) {
  EXPECT_EQ(run("ulimit -f 1; gradspace challenge --in a.png --out large.png --types noise "
                "--levels 5 2>err"),
            1);
  EXPECT_THAT(text("err"), HasSubstr("large.png: can't write: File too large"));
  EXPECT_FALSE(fs::exists(folder_ / "large.png"));
}

TEST_F(Streams, MessagesThatCantBeWrittenAreDropped) {
  fs::create_directory(folder_ / "photos");
  for (const char* name : {"a.png", "b.png"}) {
    fs::copy_file(folder_ / name, folder_ / "photos" / name);
  }
  write_file(folder_ / "photos/c.png", std::string_view("no picture"));
  for (const char* errors : {"2>/dev/full", "2>&-"}) {
    fs::remove_all(folder_ / "made");
    EXPECT_EQ(
        run(std::string("gradspace challenge --in photos --out made --types rain --levels 1 ") +
            errors),
        1);
    EXPECT_TRUE(fs::exists(folder_ / "made/09_01/b.png")) << errors;
    EXPECT_EQ(run(std::string("gradspace iqa no.png b.png --metric psnr ") + errors), 1);
    EXPECT_EQ(run(std::string("gradspace iqa --metric ") + errors), 2);
  }
}

TEST_F(Streams, MessagesNeverLandInAFileThatIsOpenedLater) {
  fs::create_directory(folder_ / "photos");
  fs::copy_file(folder_ / "a.png", folder_ / "photos/a.png");
  ASSERT_EQ(run("gradspace challenge --in photos --out made --types rain --levels 1 2>/dev/null"),
            0);
  ASSERT_EQ(run("gradspace challenge --in photos --out closed --types rain --levels 1 "
                "<&- >&- 2>&-"),
            0);
  EXPECT_EQ(text("made/09_01/a.png"), text("closed/09_01/a.png"));
}

TEST_F(Streams, NamesAreShownEscapedToPeopleAndExactToPrograms) {
  const std::string name = "a\n\x1b[31m.png";
  fs::copy_file(folder_ / "a.png", folder_ / name);
  const std::string shell_name = "\"$(printf 'a\\n\\033[31m.png')\"";
  ASSERT_EQ(run("gradspace iqa " + shell_name + " b.png --metric psnr >table"), 0);
  EXPECT_THAT(text("table"), HasSubstr("a\\n\\x1b[31m.png, b.png\n"));
  ASSERT_EQ(run("gradspace iqa " + shell_name + " b.png --metric psnr --format csv >csv"), 0);
  EXPECT_THAT(text("csv"), HasSubstr("\"" + name + "\",b.png"));
  write_file(folder_ / name, std::string_view("no picture"));
  EXPECT_EQ(run("gradspace iqa " + shell_name + " b.png --metric psnr >table 2>err"), 1);
  EXPECT_THAT(text("err"), HasSubstr("a\\n\\x1b[31m.png"));
}

}  // namespace
}  // namespace gradspace::cli
