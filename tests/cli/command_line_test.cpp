#include "cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/commands.h"

namespace gradspace::cli {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int status;
  std::string out;
  std::string err;
};

Outcome run_captured(const std::vector<std::string>& arguments) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int status = run(arguments);
  return {status, ::testing::internal::GetCapturedStdout(),
          ::testing::internal::GetCapturedStderr()};
}

TEST(CommandLine, EveryCommandsHelpShowsAnExample) {
  for (const Command& command : all_commands()) {
    const Outcome outcome = run_captured({command.name, "--help"});
    EXPECT_EQ(outcome.status, kDone) << command.name;
    EXPECT_THAT(outcome.out, HasSubstr("Example:\n  gradspace " + command.name));
    EXPECT_EQ(outcome.err, "");
  }
}

/// Of the commands below a command, too: the example that their --help shows is theirs, and can be called.
TEST(CommandLine, EveryExampleIsTheCommandsOwnAndParses) {
  std::vector<std::vector<std::string>> paths = {
      {"experiment", "ood"}, {"experiment", "one-class"}, {"experiment", "gradcon"},
      {"gradcon", "train"},  {"gradcon", "score"},        {"gradcon", "benchmark"},
      {"reference", "man"},  {"reference", "markdown"},   {"reference", "bash"},
      {"reference", "zsh"},  {"reference", "fish"},       {"reference", "parse"}};
  for (const Command& command : all_commands()) {
    paths.push_back({command.name});
  }
  for (std::vector<std::string> path : paths) {
    const std::string name = fmt::format("gradspace {}", fmt::join(path, " "));
    SCOPED_TRACE(name);
    path.emplace_back("--help");
    const std::string help = run_captured(path).out;
    const std::string head = "Example:\n  ";
    const std::size_t begin = help.find(head);
    ASSERT_NE(begin, std::string::npos);
    std::istringstream example(help.substr(begin + head.size()));
    std::string line;
    std::getline(example, line);
    EXPECT_THAT(line, ::testing::StartsWith(name + " "));
    std::istringstream words(line);
    std::vector<std::string> arguments;
    for (std::string word; words >> word;) {
      arguments.push_back(word);
    }
    arguments.erase(arguments.begin());
    EXPECT_EQ(check_command_line(arguments), kDone);
  }
}

TEST(CommandLine, SuggestsTheNearestWord) {
  const Outcome option = run_captured({"score", "--modle", "m"});
  EXPECT_EQ(option.status, kWrongUsage);
  EXPECT_THAT(option.err, HasSubstr("--modle: not known here; did you mean --model?"));
  const Outcome command = run_captured({"scoer"});
  EXPECT_EQ(command.status, kWrongUsage);
  EXPECT_THAT(command.err, HasSubstr("scoer: not known here; did you mean score?"));
}

TEST(CommandLine, TellsWrongUsageFromFailedWork) {
  EXPECT_EQ(run_captured({}).status, kWrongUsage);
  EXPECT_EQ(run_captured({"fit"}).status, kWrongUsage);
  EXPECT_EQ(
      run_captured({"score", "--model", "a", "--detector", "b", "--format", "xml", "c"}).status,
      kWrongUsage);
  const Outcome failed =
      run_captured({"score", "--model", "/no/model", "--detector", "/no/detector", "c.png"});
  EXPECT_EQ(failed.status, kFailed);
  EXPECT_THAT(failed.err, HasSubstr("/no/model: can't open: No such file"));
  EXPECT_EQ(std::count(failed.err.begin(), failed.err.end(), '\n'), 1) << "one line";
}

TEST(CommandLine, PrintsItsVersion) {
  const Outcome outcome = run_captured({"--version"});
  EXPECT_EQ(outcome.status, kDone);
  EXPECT_THAT(outcome.out, ::testing::StartsWith("gradspace 0."));
}

}  // namespace
}  // namespace gradspace::cli
