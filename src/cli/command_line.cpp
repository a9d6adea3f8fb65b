#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <sstream>
#include <system_error>

#include "cli/command.h"
#include "cli/nearest_word.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "gradspace/error.h"
#include "gradspace/threads.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back(subcommand->get_name());
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      words.push_back("--" + name);
    }
  }
  return words;
}

/// The line for a word that means nothing where it stands.
std::string unknown_word(const CLI::App& where, const std::string& word) {
  const std::string guess = nearest_word(word.substr(0, word.find('=')), known_words(where));
  return guess.empty() ? fmt::format("{}: not known here", word)
                       : fmt::format("{}: not known here; did you mean {}?", word, guess);
}

int usage_error(std::string_view message, const std::string& command) {
  say("gradspace: {} (try 'gradspace {}--help')", message, command.empty() ? "" : command + " ");
  return kWrongUsage;
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& where = chosen.empty() ? app : *chosen.front();
  const std::string command = chosen.empty() ? "" : where.get_name();
  // A misspelt option is the likelier mistake where a required one is missing too.
  const std::vector<std::string> left = where.remaining(true);
  if (!left.empty()) {
    return usage_error(unknown_word(where, left.front()), command);
  }
  return usage_error(error.what(), command);
}

/// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./,:=+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) {
    return text;
  }
  std::string quoted = "'";
  for (const char character : text) {
    quoted += character == '\'' ? "'\\''" : std::string(1, character);
  }
  return quoted + '\'';
}

std::string& command_line_text() {
  static std::string text;
  return text;
}

/// A command line that was parsed: the chosen command's work, or where there is none the exit status.
struct Parsed {
  std::function<int()> action;
  int status = kDone;
};

int print_help(const CLI::App& app, const CLI::Success& request) {
  std::ostringstream text;
  const int status = app.exit(request, text, text);
  write_results(text.str());
  return status;
}

/// Whether a command's options may be read or shown. Declaring the hundreds that all commands have takes longer than
/// a short command's work, so it is left out where the arguments begin with a command's name or ask for the version:
/// then no other command's are, unless the command itself looks at them.
std::function<bool(const Command&)> wanted_commands(const std::vector<Command>& commands,
                                                    const std::vector<std::string>& arguments) {
  const auto all = [](const Command&) { return true; };
  if (arguments.empty()) {
    return all;
  }
  const auto first = std::ranges::find(commands, arguments.front(), &Command::name);
  if (first == commands.end() ? arguments.front() != "--version" : first->reads_others) {
    return all;
  }
  return [&arguments](const Command& command) {
    return std::ranges::find(arguments, command.name) != arguments.end();
  };
}

/// Declares the commands on `app`, which must outlive the work, and parses. Prints help and mistakes.
Parsed parse(CLI::App& app, const std::vector<std::string>& arguments) {
  app.set_version_flag("--version", std::string("gradspace ") + kVersion);
  app.require_subcommand(1);

  std::function<int()> action;
  const std::vector<Command> commands = all_commands();
  const auto is_wanted = wanted_commands(commands, arguments);
  for (const Command& command : commands) {
    CLI::App* subcommand = app.add_subcommand(command.name, command.summary);
    if (!is_wanted(command)) {
      continue;
    }
    show_example(*subcommand, command.example);
    subcommand->option_defaults()->always_capture_default();
    subcommand->callback([&action, work = command.declare(*subcommand)] { action = work; });
    refuse_empty_values(*subcommand);
  }

  // CLI11 would only say that a subcommand is missing.
  const std::vector<std::string> known = known_words(app);
  if (!arguments.empty() && arguments.front().size() > 2 &&
      std::find(known.begin(), known.end(), arguments.front()) == known.end()) {
    return {{}, usage_error(unknown_word(app, arguments.front()), "")};
  }

  if (const std::string missing = missing_value(app, arguments); !missing.empty()) {
    return {{}, usage_error(missing, arguments.front())};
  }
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::Success& request) {  // --help and --version
    return {{}, print_help(app, request)};
  } catch (const CLI::ParseError& error) {
    return {{}, report_parse_error(app, error)};
  }
  return {std::move(action)};
}

/// What the system refused, in our words: the texts of libraries' exceptions are not for users.
std::string refusal(const std::filesystem::filesystem_error& error) {
  const std::string path = error.path1().empty() ? "a path" : error.path1().string();
  return fmt::format("{}: can't be used: {}", path, error.code().message());
}

/// Runs a command; the exit status. What it throws becomes a message.
int run_action(const std::function<int()>& action, const std::string& command) {
  try {
    const int status = action();
    flush_results();
    return status;
  } catch (const WrongUsage& error) {
    return usage_error(error.what(), command);
  } catch (const std::bad_alloc&) {
    say("gradspace: out of memory");
  } catch (const std::filesystem::filesystem_error& error) {
    say("gradspace: {}", refusal(error));
  } catch (const std::system_error& error) {
    say("gradspace: the system refused: {}", error.code().message());
  } catch (const std::exception& error) {
    say("gradspace: {}", error.what());
  }
  return kFailed;
}

constexpr const char* kSummary =
    "How far an image is from what a model knows, by the weight gradients it would cause.";

}  // namespace

void show_example(CLI::App& app, const std::string& example) {
  app.footer("Example:\n  " + example);
}

std::string present_command_line() {
  return command_line_text();
}

int on_threads(int threads, const std::function<int()>& work) {
  int status = kFailed;
  run_with_threads(threads, [&] { status = work(); });
  return status;
}

int check_command_line(const std::vector<std::string>& arguments) {
  CLI::App app(kSummary, "gradspace");
  return parse(app, arguments).status;
}

int run(const std::vector<std::string>& arguments) {
  command_line_text() = "gradspace";
  for (const std::string& argument : arguments) {
    command_line_text() += ' ' + shell_word(argument);
  }
  CLI::App app(kSummary, "gradspace");
  Parsed parsed;
  const int status = run_action(
      [&] {
        parsed = parse(app, arguments);
        return parsed.status;
      },
      "");
  if (!parsed.action) {
    return status;
  }
  return run_action([&] { return on_threads(usable_threads(), parsed.action); }, arguments.front());
}

}  // namespace gradspace::cli
