// What shells read: completions for bash, zsh and fish.
#include <fmt/format.h>

#include <functional>
#include <string_view>

#include "cli/reference.h"

namespace gradspace::cli {
namespace {

enum class ValueKind { kNone, kChoice, kNumber, kFile };

ValueKind kind_of(const OptionText& option) {
  if (option.value.empty()) {
    return ValueKind::kNone;
  }
  if (!option.choices.empty()) {
    return ValueKind::kChoice;
  }
  return option.value == "TEXT" ? ValueKind::kFile : ValueKind::kNumber;
}

/// The path without the program's name: "gradcon train"; empty for the program itself.
std::string words_of(const CommandText& command) {
  const std::size_t space = command.path.find(' ');
  return space == std::string::npos ? "" : command.path.substr(space + 1);
}

/// Between single quotes, as bash and zsh read it.
std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + '\'';
}

std::string escaped(std::string_view text, std::string_view characters) {
  std::string result;
  for (const char c : text) {
    if (characters.find(c) != std::string_view::npos) {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string joined(std::span<const std::string> words) {
  return fmt::format("{}", fmt::join(words, " "));
}

/// All names of the command's options.
std::string option_names(const CommandText& command) {
  std::vector<std::string> names;
  for (const OptionText& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return joined(names);
}

/// Shell patterns of all paths below the program, each behind a space.
std::string path_patterns(std::span<const CommandText> commands, std::string_view separator) {
  std::vector<std::string> patterns;
  for (const CommandText& command : commands.subspan(1)) {
    patterns.push_back(single_quoted(words_of(command)));
  }
  return fmt::format("{}", fmt::join(patterns, separator));
}

// ---- bash

/// A case that offers what may follow an option that wants a value.
std::string bash_values(const CommandText& command) {
  std::string text;
  for (const OptionText& option : command.options) {
    const ValueKind kind = kind_of(option);
    if (kind == ValueKind::kNone) {
      continue;
    }
    std::vector<std::string> patterns;
    for (const std::string& name : option.names) {
      patterns.push_back(single_quoted(words_of(command) + ':' + name));
    }
    text += fmt::format("    {})", fmt::join(patterns, " | "));
    switch (kind) {
      case ValueKind::kChoice:
        text += fmt::format(" COMPREPLY=($(compgen -W {} -- \"$current\")) ;;\n",
                            single_quoted(joined(option.choices)));
        break;
      case ValueKind::kNumber:
        text += " compopt +o default 2>/dev/null ;;\n";
        break;
      default:
        text += " ;;\n";
    }
  }
  return text;
}

// ---- zsh

/// What _arguments wants to know of an option: one line for each name.
std::string zsh_option(const OptionText& option) {
  std::string action;
  switch (kind_of(option)) {
    case ValueKind::kNone:
      break;
    case ValueKind::kChoice:
      action = fmt::format(":{}:({})", option.value, joined(option.choices));
      break;
    case ValueKind::kNumber:
      action = fmt::format(":{}: ", option.value);
      break;
    case ValueKind::kFile:
      action = fmt::format(":{}:_files", option.value);
      break;
  }
  std::string text;
  for (const std::string& name : option.names) {
    const std::string equals = action.empty() || name.starts_with("--") == false ? "" : "=";
    text += fmt::format(" \\\n    {}", single_quoted(fmt::format(
                                           "{}{}{}[{}]{}", option.repeats ? "*" : "", name, equals,
                                           escaped(option.description, "[]\\"), action)));
  }
  return text;
}

std::string zsh_function_name(const CommandText& command) {
  std::string name = "_" + command.path;
  for (char& c : name) {
    c = c == ' ' || c == '-' ? '_' : c;
  }
  return name;
}

std::string zsh_function(std::span<const CommandText> commands, const CommandText& command) {
  std::string text = zsh_function_name(command) + "() {\n";
  if (!command.subcommands.empty()) {
    text += "  local curcontext=$curcontext state line\n  typeset -A opt_args\n";
  }
  text += fmt::format("  _arguments{}", command.subcommands.empty() ? " -s" : " -C");
  for (const OptionText& option : command.options) {
    text += zsh_option(option);
  }
  if (command.subcommands.empty()) {
    for (const OptionText& positional : command.positionals) {
      text += fmt::format(" \\\n    {}",
                          single_quoted(fmt::format("{}:{}:_files", positional.repeats ? "*" : "",
                                                    positional.names.front())));
    }
    return text + "\n}\n\n";
  }
  text +=
      " \\\n    '1:command:->command' \\\n    '*::argument:->argument'\n"
      "  case $state in\n    command)\n      local -a commands=(\n";
  for (const std::string& name : command.subcommands) {
    const std::string& summary = subcommand(commands, command, name).summary;
    text += fmt::format("        {}\n", single_quoted(name + ':' + escaped(summary, ":\\")));
  }
  text +=
      "      )\n      _describe -t commands command commands ;;\n    argument)\n      case "
      "$line[1] in\n";
  for (const std::string& name : command.subcommands) {
    text += fmt::format("        {}) {} ;;\n", name,
                        zsh_function_name(subcommand(commands, command, name)));
  }
  return text + "      esac ;;\n  esac\n}\n\n";
}

// ---- fish

std::string fish_option(const CommandText& command, const OptionText& option) {
  std::string text =
      fmt::format("complete -c gradspace -n '__gradspace_at \"{}\"'", words_of(command));
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    text += fmt::format(" {} {}", is_long ? "-l" : "-s", name.substr(is_long ? 2 : 1));
  }
  switch (kind_of(option)) {
    case ValueKind::kNone:
      break;
    case ValueKind::kChoice:
      text += fmt::format(" -x -a '{}'", joined(option.choices));
      break;
    case ValueKind::kNumber:
      text += " -x";
      break;
    case ValueKind::kFile:
      text += " -r -F";
      break;
  }
  return text + fmt::format(" -d '{}'\n", escaped(option.description, "'\\"));
}

}  // namespace

std::string bash_completion(std::span<const CommandText> commands) {
  std::string text = fmt::format(
      R"(# bash completion for gradspace, written by `gradspace reference bash`.
_gradspace() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} command='' word
  # bash takes the = of --option=value for a word of its own.
  if [ "$current" = = ]; then
    current=''
  elif [ "$previous" = = ]; then
    previous=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{command:+$command }}$word" in
      {}) command=${{command:+$command }}$word ;;
    esac
  done
  COMPREPLY=()
  # What follows an option that takes a value. Where nothing is offered, readline offers files.
  case "$command:$previous" in
)",
      path_patterns(commands, " | "));
  for (const CommandText& command : commands) {
    text += bash_values(command);
  }
  text += "    *)\n      case \"$command\" in\n";
  for (const CommandText& command : commands) {
    // Files are offered where a word that is no option may be one.
    text += fmt::format(
        "        {})\n          if [[ $current == -* ]]; then\n"
        "            COMPREPLY=($(compgen -W {} -- \"$current\"))\n",
        single_quoted(words_of(command)), single_quoted(option_names(command)));
    if (!command.subcommands.empty()) {
      text +=
          fmt::format("          else\n            COMPREPLY=($(compgen -W {} -- \"$current\"))\n",
                      single_quoted(joined(command.subcommands)));
    }
    text += "          fi ;;\n";
  }
  return text +
         "      esac ;;\n  esac\n}\ncomplete -o bashdefault -o default -F _gradspace gradspace\n";
}

std::string zsh_completion(std::span<const CommandText> commands) {
  std::string text =
      "#compdef gradspace\n# zsh completion for gradspace, written by `gradspace reference "
      "zsh`.\n\n";
  for (const CommandText& command : commands) {
    text += zsh_function(commands, command);
  }
  return text + "_gradspace \"$@\"\n";
}

std::string fish_completion(std::span<const CommandText> commands) {
  std::string text = fmt::format(
      R"(# fish completion for gradspace, written by `gradspace reference fish`.
function __gradspace_at --description 'Whether the command typed so far is this one'
    set -l path
    for word in (commandline -opc)[2..-1]
        set -l longer (string trim "$path $word")
        switch $longer
            case {}
                set path $longer
        end
    end
    test "$path" = "$argv[1]"
end

)",
      path_patterns(commands, " "));
  for (const CommandText& command : commands) {
    for (const std::string& name : command.subcommands) {
      text += fmt::format("complete -c gradspace -n '__gradspace_at \"{}\"' -f -a {} -d '{}'\n",
                          words_of(command), name,
                          escaped(subcommand(commands, command, name).summary, "'\\"));
    }
    for (const OptionText& option : command.options) {
      text += fish_option(command, option);
    }
  }
  return text;
}

}  // namespace gradspace::cli
