#include "cli/output_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "cli/command.h"
#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class OutputTarget : public ::testing::Test {
 protected:
  OutputTarget() {
    fs::create_directory(folder_ / "photos");
    write_image(folder_ / "photos/a.png", Image(16, 16, 3));
    write_image(folder_ / "photos/b.png", Image(16, 16, 3));
    fs::create_symlink("photos/a.png", folder_ / "link.png");
    fs::create_hard_link(folder_ / "photos/b.png", folder_ / "hard.png");
  }

  struct Outcome {
    int status;
    std::string messages;
  };

  /// The command with what it says on standard error.
  Outcome run(const std::string& arguments) const {
    const auto output = testing::run_shell(fmt::format(
        "cd {} && {} {} 2>&1 >/dev/null", folder_.path().string(), GRADSPACE_COMMAND, arguments));
    return {WIFEXITED(output.status) ? WEXITSTATUS(output.status) : -1, output.text};
  }

  testing::TemporaryFolder folder_;
};

TEST_F(OutputTarget, IsNoInputUnderAnotherName) {
  const fs::path a = folder_ / "photos/a.png";
  EXPECT_NO_THROW(refuse_inputs(folder_ / "new.png", {a, folder_ / "photos"}));
  EXPECT_NO_THROW(refuse_inputs(a, {folder_ / "hard.png", "", "/no/such"}));
  EXPECT_NO_THROW(refuse_inputs("/dev/null", {"/dev/null"}));
  EXPECT_THROW(refuse_inputs(a, {a}), WrongUsage);
  EXPECT_THROW(refuse_inputs(folder_ / "link.png", {"", a}), WrongUsage);
  EXPECT_THROW(refuse_inputs(folder_ / "hard.png", {folder_ / "photos/b.png"}), WrongUsage);
  EXPECT_THROW(refuse_inputs(folder_ / "photos/", {folder_ / "photos"}), WrongUsage);
  EXPECT_THROW(refuse_inputs(a, {folder_ / "photos"}), WrongUsage) << "an image in the folder";
}

TEST_F(OutputTarget, IsRefusedByEveryCommandThatWouldOverwriteItsInput) {
  write_file(folder_ / "x", std::string_view("anything"));
  write_file(folder_ / "spec.json", std::string_view("{}"));
  fs::create_directory(folder_ / "results");
  write_file(folder_ / "results/scores.csv", std::string_view("a list of opinions"));
  const std::string before = read_text_file(folder_ / "photos/a.png");
  for (const char* line : {
           "iqa photos/a.png photos/b.png --map photos/a.png",
           "iqa photos/a.png photos/b.png --map link.png",
           "import x --out x",
           "import x --spec spec.json --out spec.json",
           "fit --model x --data photos --method image-statistics --out x",
           "fit --model x --data photos --method image-statistics --out photos/a.png",
           "fit --inliers x --outliers photos --out x",
           "extract --model x --data photos --out x",
           "extract --model x --data photos --out photos",
           "evaluate --detector x --inliers photos --outliers x --out photos",
           "train --data photos --spec spec.json --out spec.json",
           "train --data photos --out link.png",
           "gradcon train --data photos --spec spec.json --out spec.json",
           "iqa-train --photos photos --out photos/b.png",
           "fit-causes --detector x --photos photos --out x",
           "fit-causes --detector x --photos photos --out photos/b.png",
           "iqa-benchmark --database csv results/scores.csv --out results",
           "challenge --in photos/a.png --types rain --levels 1 --out photos/a.png",
           "challenge --in photos --types rain --levels 1 --sheet photos/b.png",
       }) {
    const Outcome outcome = run(line);
    EXPECT_EQ(outcome.status, 2) << line;
    EXPECT_THAT(outcome.messages, HasSubstr("the output is ")) << line;
  }
  EXPECT_EQ(read_text_file(folder_ / "photos/a.png"), before);
  EXPECT_EQ(read_text_file(folder_ / "x"), "anything");
}

TEST_F(OutputTarget, IsRefusedInOurOwnWords) {
  write_file(folder_ / "file", std::string_view("in the way"));
  EXPECT_THAT([&] { check_target(folder_ / "no/such"); },
              ThrowsMessage<IoError>(HasSubstr("can't write: there is no folder")));
  for (const char* line : {
           "challenge --in photos --types rain --levels 1 --out file/below",
           "challenge --in file/below --types rain --levels 1 --out made",
           "train --data photos --out file/below",
           "train --data file/below --out model",
           "extract --model file/below --data photos --out set",
           "iqa file/below photos/a.png",
           "iqa photos file/below",
           "info file/below",
           "import file/below --out x",
           "report file/below",
           "reference man --out file/below",
           "iqa-train --photos file/below --out x",
           "fit-causes --detector file/below --photos photos --out y",
           "iqa-benchmark --database csv file/below --out x",
           "fit --inliers file/below --outliers photos --out x",
       }) {
    const Outcome outcome = run(line);
    EXPECT_EQ(outcome.status, 1) << line;
    EXPECT_THAT(outcome.messages, HasSubstr("file/below")) << line;
    EXPECT_THAT(outcome.messages, ::testing::Not(HasSubstr("filesystem error"))) << line;
    EXPECT_THAT(outcome.messages, ::testing::Not(HasSubstr("cannot"))) << line;
  }
}

}  // namespace
}  // namespace gradspace::cli
