#include "cli/reference.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <string_view>

#include "gradspace/error.h"

namespace gradspace::cli {
namespace {

/// CLI11 writes the values of a closed set behind the type: "TEXT:{native,torch}".
void read_type(const std::string& type, OptionText& text) {
  const std::size_t colon = type.find(':');
  text.value = type.substr(0, colon);
  const std::size_t begin = type.find(":{");
  const std::size_t end = type.find('}', begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || end == std::string::npos) {
    return;
  }
  const std::string list = type.substr(begin + 2, end - begin - 2);
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) {
    text.choices.push_back(word);
  }
}

/// "[gradient,unique]" is the default of a list; "[]" is none.
std::string readable_default(std::string value) {
  if (value.size() >= 2 && value.front() == '[' && value.back() == ']') {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

OptionText describe_option(const CLI::Option& option) {
  OptionText text;
  if (option.get_positional()) {
    text.names.push_back(option.get_name(true));
  } else {
    for (const std::string& name : option.get_snames()) {
      text.names.push_back("-" + name);
    }
    for (const std::string& name : option.get_lnames()) {
      text.names.push_back("--" + name);
    }
  }
  if (option.get_items_expected_max() > 0) {
    read_type(option.get_type_name(), text);
    text.default_value = readable_default(option.get_default_str());
  }
  for (const CLI::Option* other : option.get_excludes()) {
    text.excludes.push_back(other->get_name(other->get_positional()));
  }
  std::ranges::sort(text.excludes);
  text.description = option.get_description();
  text.required = option.get_required();
  text.repeats = option.get_items_expected_max() > 1;
  return text;
}

void describe_command(const CLI::App& app, const std::string& path,
                      std::vector<CommandText>& commands) {
  CommandText text;
  text.path = path;
  const std::string description = app.get_description();
  const std::size_t line = description.find('\n');
  text.summary = description.substr(0, line);
  if (text.summary.ends_with('.')) {
    text.summary.pop_back();
  }
  if (line != std::string::npos) {
    const std::size_t begin = description.find_first_not_of('\n', line);
    const std::size_t end = description.find_last_not_of('\n');
    text.details = begin == std::string::npos ? "" : description.substr(begin, end + 1 - begin);
  }
  // A subcommand inherits its parent's footer, with the example of another command.
  const std::string footer = app.get_footer();
  const std::size_t example = footer.find("  " + path + ' ');
  text.example = example == std::string::npos ? "" : footer.substr(example + 2);
  for (const CLI::Option* option : app.get_options()) {
    auto& list = option->get_positional() ? text.positionals : text.options;
    list.push_back(describe_option(*option));
  }
  const auto children =
      app.get_subcommands([](const CLI::App* child) { return !child->get_group().empty(); });
  for (const CLI::App* child : children) {
    text.subcommands.push_back(child->get_name());
  }
  commands.push_back(std::move(text));
  for (const CLI::App* child : children) {
    describe_command(*child, path + ' ' + child->get_name(), commands);
  }
}

}  // namespace

std::vector<CommandText> describe_commands(const CLI::App& root) {
  std::vector<CommandText> commands;
  describe_command(root, root.get_name(), commands);
  return commands;
}

const CommandText& subcommand(std::span<const CommandText> commands, const CommandText& parent,
                              const std::string& name) {
  const auto found = std::ranges::find(commands, parent.path + ' ' + name, &CommandText::path);
  if (found == commands.end()) {
    throw InvalidArgument("reference: there is no command " + parent.path + ' ' + name);
  }
  return *found;
}

}  // namespace gradspace::cli
