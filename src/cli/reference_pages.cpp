// What people read: manual pages, and docs/reference.md.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cli/reference.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

/// `text` with `to` in the place of each `from`.
std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string joined(std::string_view separator, std::span<const std::string> words) {
  return fmt::format("{}", fmt::join(words, separator));
}

/// What stands for the value: "{native,torch}" where the choices are few, else "TEXT".
std::string value_text(const OptionText& option) {
  constexpr std::size_t kFew = 10;  // words that a line of a manual page has room for
  const bool few = !option.choices.empty() && option.choices.size() <= kFew;
  const std::string one = few ? '{' + joined(",", option.choices) + '}' : option.value;
  return option.repeats ? one + " ..." : one;
}

/// "Required.", "Default: 100." and the like; empty where there is nothing to say.
std::string remarks(const OptionText& option) {
  std::string text;
  if (option.required) {
    text += " Required.";
  }
  if (!option.default_value.empty()) {
    text += fmt::format(" Default: {}.", option.default_value);
  }
  if (!option.excludes.empty()) {
    text += fmt::format(" Not together with {}.", joined(" or ", option.excludes));
  }
  return text;
}

std::string usage(const CommandText& command) {
  std::string text = command.path;
  for (const OptionText& option : command.options) {
    if (option.required) {
      text += ' ' + option.names.back() + ' ' + value_text(option);
    }
  }
  text += " [OPTIONS]";
  if (!command.subcommands.empty()) {
    text += " SUBCOMMAND";
  }
  for (const OptionText& positional : command.positionals) {
    const std::string name = positional.names.front() + (positional.repeats ? " ..." : "");
    text += positional.required ? ' ' + name : " [" + name + ']';
  }
  return text;
}

// ---- Manual pages

/// Running text for groff: no character of it may act as a command.
std::string groff(std::string_view text) {
  std::string escaped = replaced(std::string(text), "\\", "\\e");
  escaped = replaced(escaped, "-", "\\-");
  escaped = replaced(escaped, "\n.", "\n\\&.");
  escaped = replaced(escaped, "\n'", "\n\\&'");
  if (!escaped.empty() && (escaped.front() == '.' || escaped.front() == '\'')) {
    escaped.insert(0, "\\&");
  }
  return escaped;
}

std::string page_name(const CommandText& command) {
  return replaced(command.path, " ", "-");
}

std::string manual_option(const OptionText& option) {
  std::string text = ".TP\n";
  std::vector<std::string> names;
  for (const std::string& name : option.names) {
    names.push_back("\\fB" + groff(name) + "\\fR");
  }
  text += joined(", ", names);
  if (!option.value.empty() && option.names.front().front() == '-') {
    text += " \\fI" + groff(value_text(option)) + "\\fR";
  }
  return text + '\n' + groff(option.description + '.' + remarks(option)) + '\n';
}

std::string manual_page(std::span<const CommandText> commands, const CommandText& command) {
  std::string upper = page_name(command);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  std::string page =
      fmt::format(".TH {} 1 \"\" \"gradspace {}\" \"User Commands\"\n", upper, kVersion);
  page += fmt::format(".SH NAME\n{} \\- {}\n", groff(page_name(command)), groff(command.summary));
  page += fmt::format(".SH SYNOPSIS\n{}\n", groff(usage(command)));
  if (!command.details.empty()) {
    page += fmt::format(".SH DESCRIPTION\n.nf\n{}\n.fi\n", groff(command.details));
  }
  if (!command.subcommands.empty()) {
    page += ".SH COMMANDS\n";
    for (const std::string& name : command.subcommands) {
      const CommandText& child = subcommand(commands, command, name);
      page +=
          fmt::format(".TP\n\\fB{}\\fR(1)\n{}.\n", groff(page_name(child)), groff(child.summary));
    }
  }
  if (!command.positionals.empty()) {
    page += ".SH ARGUMENTS\n";
    for (const OptionText& positional : command.positionals) {
      page += manual_option(positional);
    }
  }
  page += ".SH OPTIONS\n";
  for (const OptionText& option : command.options) {
    page += manual_option(option);
  }
  page +=
      ".SH EXIT STATUS\n0 if the work is done, 1 if it failed, 2 if the command line is wrong.\n";
  if (!command.example.empty()) {
    page += fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", groff(command.example));
  }
  if (command.path.find(' ') != std::string::npos) {
    page += fmt::format(".SH SEE ALSO\n\\fB{}\\fR(1)\n",
                        groff(replaced(command.path.substr(0, command.path.rfind(' ')), " ", "-")));
  }
  return page;
}

// ---- Markdown

/// Running text: what Markdown would take for markup is escaped.
std::string markdown(std::string text) {
  for (const std::string_view mark : {"\\", "*", "<", "`", "["}) {
    text = replaced(text, mark, fmt::format("\\{}", mark));
  }
  return text;
}

std::string markdown_option(const OptionText& option) {
  std::string name = joined(", ", option.names);
  if (!option.value.empty() && option.names.front().front() == '-') {
    name += ' ' + value_text(option);
  }
  return fmt::format("- `{}`: {}.{}\n", name, markdown(option.description),
                     markdown(remarks(option)));
}

std::string markdown_section(const CommandText& command) {
  std::string text = fmt::format("## {}\n\n{}.\n\n", command.path, markdown(command.summary));
  text += fmt::format("    {}\n\n", usage(command));
  if (!command.details.empty()) {
    text += "    " + replaced(command.details, "\n", "\n    ") + "\n\n";
  }
  if (!command.positionals.empty()) {
    text += "Arguments:\n\n";
    for (const OptionText& positional : command.positionals) {
      text += markdown_option(positional);
    }
    text += '\n';
  }
  text += "Options:\n\n";
  for (const OptionText& option : command.options) {
    text += markdown_option(option);
  }
  if (!command.example.empty()) {
    text += fmt::format("\nExample:\n\n    {}\n", command.example);
  }
  return text + '\n';
}

}  // namespace

std::map<std::string, std::string> manual_pages(std::span<const CommandText> commands) {
  std::map<std::string, std::string> pages;
  for (const CommandText& command : commands) {
    pages[page_name(command) + ".1"] = manual_page(commands, command);
  }
  return pages;
}

std::string markdown_reference(std::span<const CommandText> commands) {
  std::string text =
      "# Reference of the command\n\n"
      "<!-- Written by `gradspace reference markdown`; a test compares the two. -->\n\n"
      "All commands with all their options, as `gradspace COMMAND --help` prints them. The exit "
      "status is 0 if\n"
      "the work is done, 1 if it failed, and 2 if the command line is wrong.\n\n"
      "| command | what it does |\n|---|---|\n";
  for (const CommandText& command : commands.subspan(1)) {
    text += fmt::format("| [{}](#{}) | {} |\n", command.path, replaced(command.path, " ", "-"),
                        replaced(markdown(command.summary), "|", "\\|"));
  }
  text += '\n';
  for (const CommandText& command : commands) {
    text += markdown_section(command);
  }
  text.pop_back();  // the last section's empty line
  return text;
}

}  // namespace gradspace::cli
