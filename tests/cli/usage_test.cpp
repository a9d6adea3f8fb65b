// Command lines that can't be meant: refused with status 2 before anything is read or written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_line.h"
#include "core/file.h"
#include "gradspace/image.h"
#include "support/test_files.h"

namespace gradspace::cli {
namespace {

using ::testing::HasSubstr;

struct Usage {
  std::vector<std::string> words;
  std::string message;
};

/// For the test's name.
void PrintTo(const Usage& usage, std::ostream* out) {
  *out << fmt::format("{}", fmt::join(usage.words, " "));
}

class WrongCommandLine : public ::testing::TestWithParam<Usage> {};

TEST_P(WrongCommandLine, IsRefusedBeforeAnythingIsRead) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int status = run(GetParam().words);
  const std::string out = ::testing::internal::GetCapturedStdout();
  const std::string err = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(status, kWrongUsage) << err;
  EXPECT_THAT(err, HasSubstr(GetParam().message));
  EXPECT_EQ(out, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongCommandLine,
    ::testing::Values(
        Usage{{"fit", "--method", "reconstructoin", "--out", "x"},
              "'reconstructoin' is not known; did you mean reconstruction?"},
        Usage{{"train", "--data", "/no", "--out", "/no/x", "--epochs", "0"},
              "--epochs: '0' is not"},
        Usage{{"train", "--data", "/no", "--out", "/no/x", "--batch", "0"}, "--batch: '0' is not"},
        Usage{{"iqa-train", "--photos", "/no", "--out", "/no/x", "--patches", "0"},
              "--patches: '0' is not"},
        Usage{{"fit-causes", "--detector", "/no", "--photos", "/no", "--out", "/no/x",
               "--certainty", "0.2"},
              "--certainty"},
        Usage{{"drift", "--model", "/no", "--detector", "/no", "--window", "0", "/no"},
              "--window: '0' is not"},
        Usage{{"train", "--data", "/no", "--out", "/no/x", "--seed", "-1"},
              "'-1' is not a whole number"},
        Usage{{"fit", "--out", "/no/x", "--seed", "-1"}, "'-1' is not a whole number"},
        Usage{{"score", "--model", "m", "--detector", "d", "x", "--threads", "-1"},
              "'-1' is not a whole number"},
        Usage{{"gradcon", "score", "--model", "m", "x", "--threads", "-1"},
              "'-1' is not a whole number"},
        Usage{{"iqa", "a", "b", "--metric", "psnr,,ssim"}, "has an empty part"},
        Usage{{"iqa", "a", "b", "--metric=psnr,"}, "has an empty part"},
        Usage{{"challenge", "--in", "/no.jpg", "--out", "q.jpg", "--format", "png"},
              "--format png, but --out q.jpg names another format"}));

TEST(NothingToDo, FailsTheCommand) {
  const testing::TemporaryFolder folder;
  write_file(folder / "pairs.csv", std::string_view("reference,distorted\n"));
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run({"iqa", "--pairs", (folder / "pairs.csv").string()}), kFailed);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("lists no pair of images"));
}

}  // namespace
}  // namespace gradspace::cli
