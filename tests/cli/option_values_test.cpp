// Every option of every command with values that it can't have: wrong usage, and the option is named.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/reference.h"

namespace gradspace::cli {
namespace {

using ::testing::HasSubstr;

std::vector<CommandText> all_described() {
  CLI::App app("", "gradspace");
  std::vector<std::function<int()>> actions;  // keep what the options write to
  for (const Command& command : all_commands()) {
    actions.push_back(command.declare(*app.add_subcommand(command.name, command.summary)));
  }
  return describe_commands(app);
}

bool is_number(const OptionText& option) {
  return option.value == "INT" || option.value == "UINT" || option.value == "FLOAT";
}

/// A value that the option can have.
std::string right_value(const OptionText& option) {
  static const std::map<std::string, std::string> kWords = {{"--database", "csv"}};
  if (const auto word = kWords.find(option.names.back()); word != kWords.end()) {
    return word->second;
  }
  return !option.choices.empty() ? option.choices.front() : is_number(option) ? "1" : "x";
}

/// The command with all that it requires, and `option` with a value.
std::vector<std::string> line_with(const CommandText& command, const OptionText& option,
                                   const std::string& value) {
  std::vector<std::string> line;
  std::istringstream words(command.path);
  for (std::string word; words >> word;) {
    line.push_back(word);
  }
  line.erase(line.begin());  // gradspace itself
  for (const OptionText& other : command.options) {
    if (other.required && other.names != option.names) {
      line.push_back(other.names.back() + '=' + right_value(other));
    }
  }
  line.push_back(option.names.back());
  line.push_back(value);
  for (const OptionText& positional : command.positionals) {
    if (positional.required) {
      line.emplace_back("x");
    }
  }
  return line;
}

/// Expects that the value is refused, in a message that names the option.
void expect_refused(const CommandText& command, const OptionText& option,
                    const std::string& value) {
  const std::vector<std::string> line = line_with(command, option, value);
  ::testing::internal::CaptureStderr();
  const int status = check_command_line(line);
  const std::string message = ::testing::internal::GetCapturedStderr();
  const std::string text = fmt::format("{} {}={}", command.path, option.names.back(), value);
  EXPECT_EQ(status, kWrongUsage) << text;
  EXPECT_TRUE(std::ranges::any_of(
      option.names,
      [&](const std::string& name) { return message.find(name) != std::string::npos; }))
      << text << ": " << message;
  EXPECT_EQ(std::ranges::count(message, '\n'), 1) << text << ": " << message;
}

template <class Visit>
void for_each_option(const Visit& visit) {
  for (const CommandText& command : all_described()) {
    if (command.path.starts_with("gradspace reference")) {
      continue;
    }
    for (const OptionText& option : command.options) {
      if (!option.value.empty()) {
        visit(command, option);
      }
    }
  }
}

TEST(OptionValues, NumbersAreFiniteAndWholeNumbersAreWhole) {
  int tried = 0;
  for_each_option([&](const CommandText& command, const OptionText& option) {
    if (!is_number(option)) {
      return;
    }
    for (const char* value : {"nan", "inf", "-inf", "1e999", "seven", "1x", " 1", "0x10"}) {
      expect_refused(command, option, value);
    }
    if (option.value != "FLOAT") {
      expect_refused(command, option, "1.5");
      expect_refused(command, option, "99999999999999999999999");
    }
    ++tried;
  });
  EXPECT_GT(tried, 50);
}

TEST(OptionValues, NoNumberIsTakenForAnOctalOne) {
  for_each_option([](const CommandText& command, const OptionText& option) {
    if (option.value == "INT" || option.value == "UINT") {
      expect_refused(command, option, "010");
    }
  });
}

TEST(OptionValues, NegativeNumbersAreRefusedWhereNoneIsMeant) {
  for_each_option([](const CommandText& command, const OptionText& option) {
    const std::string& name = option.names.back();
    if (is_number(option) && name != "--threshold" && name != "--gradient-weight" &&
        name != "--fail-below") {
      expect_refused(command, option, "-1");
    }
  });
}

TEST(OptionValues, NoOptionTakesAnEmptyValue) {
  for_each_option([](const CommandText& command, const OptionText& option) {
    if (option.names.back() != "--help") {
      expect_refused(command, option, "");
    }
  });
}

TEST(OptionValues, WordsOfASetAreKnown) {
  for_each_option([](const CommandText& command, const OptionText& option) {
    static const std::vector<std::string> kSets = {
        "--source", "--format",     "--method", "--metric",      "--database", "--backend",
        "--levels", "--challenges", "--types",  "--distortions", "--objective"};
    if (!option.choices.empty() || std::ranges::count(kSets, option.names.back()) > 0) {
      expect_refused(command, option, "misspelt");
    }
  });
}

TEST(OptionValues, RangesAreThoseOfTheLibrary) {
  for_each_option([](const CommandText& command, const OptionText& option) {
    static const std::map<std::string, std::vector<std::string>> kOutside = {
        {"--epochs", {"0"}},
        {"--batch", {"0"}},
        {"--lr", {"0"}},
        {"--runs", {"0", "1001"}},
        {"--false-alarms", {"0", "1"}},
        {"--window", {"0", "1", "1000001"}},
        {"--rho", {"0", "1"}},
        {"--confidence", {"1"}},
        {"--patches", {"999"}},
        {"--levels", {"0", "6", "1,,2"}}};
    if (const auto values = kOutside.find(option.names.back()); values != kOutside.end()) {
      for (const std::string& value : values->second) {
        expect_refused(command, option, value);
      }
    }
  });
}

TEST(OptionValues, AMistypedMethodIsNamedWithWhatWasMeant) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(check_command_line({"fit", "--method", "reconstructoin", "--out", "d"}), kWrongUsage);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("'reconstructoin' is not known; did you mean reconstruction?"));
}

TEST(OptionValues, AnEqualsSignWantsAValueBehindIt) {
  // Else the picture's name would be taken for the metric's.
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(check_command_line({"iqa", "--metric=", "a.png", "b.png"}), kWrongUsage);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("--metric"));
}

TEST(OptionValues, AListHasNoEmptyPart) {
  for (const char* list : {"gradient,,psnr", ",psnr", "psnr,"}) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(check_command_line({"iqa", "a.png", "b.png", std::string("--metric=") + list}),
              kWrongUsage)
        << list;
    ::testing::internal::GetCapturedStderr();
  }
}

}  // namespace
}  // namespace gradspace::cli
