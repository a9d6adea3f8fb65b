// Manual pages, shell completions and docs/reference.md: all made of what --help is made of, so that none of
// them can tell of an option that is not there.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace gradspace::cli {

/// An option, a flag or a positional argument.
struct OptionText {
  std::vector<std::string> names;  ///< "-h", "--help"; of a positional its one name, without dashes
  std::string value;               ///< what stands for its value: "TEXT", "INT"; empty for a flag
  std::vector<std::string> choices;  ///< the values it takes, where these are few
  std::string default_value;         ///< empty where there is none
  std::string description;
  std::vector<std::string> excludes;  ///< names of what can't be given beside it
  bool required = false;
  bool repeats = false;  ///< takes several values
};

/// A command of the tree of commands: "gradspace", "gradspace gradcon", "gradspace gradcon train".
struct CommandText {
  std::string path;     ///< what one types before its options
  std::string summary;  ///< one line, without a full stop
  std::string details;  ///< the lines after it, preformatted; often empty
  std::string example;  ///< empty where the example is another command's
  std::vector<OptionText> positionals;
  std::vector<OptionText> options;
  std::vector<std::string> subcommands;  ///< their names, without the path
};

/// All commands below `root` and `root` itself, parents first. Leaves hidden commands out.
std::vector<CommandText> describe_commands(const CLI::App& root);

/// The command whose path is `parent`'s and then `name`.
const CommandText& subcommand(std::span<const CommandText> commands, const CommandText& parent,
                              const std::string& name);

/// Manual pages in groff's man macros, by the names of their files: "gradspace-score.1".
std::map<std::string, std::string> manual_pages(std::span<const CommandText> commands);

/// docs/reference.md.
std::string markdown_reference(std::span<const CommandText> commands);

std::string bash_completion(std::span<const CommandText> commands);
std::string zsh_completion(std::span<const CommandText> commands);
std::string fish_completion(std::span<const CommandText> commands);

}  // namespace gradspace::cli
