// What a subcommand is. A new one is one file, `<name>_command.cpp`, with a function `<name>_command` that
// returns its Command, and a line in CMakeLists.txt.
#pragma once

#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace gradspace::cli {

/// What a command throws when its command line asks for something that can't be, however it was parsed: the
/// exit status is 2 then, not 1. To be thrown before any work is done.
class WrongUsage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Command {
  std::string name;
  std::string summary;  ///< one line, for the list of commands
  std::string
      example;  ///< printed at the end of --help; subcommands of it show their own (show_example)
  /// Declares the options on the subcommand and returns what to do once they are parsed: the exit
  /// status (0 done, 1 the work failed). Errors are thrown, not printed.
  std::function<std::function<int()>(CLI::App&)> declare;
  bool reads_others = false;  ///< it looks at what all other commands declare
};

/// Prints `example` at the end of the command's --help.
void show_example(CLI::App& app, const std::string& example);

/// All subcommands, in the order of the list.
std::vector<Command> all_commands();

}  // namespace gradspace::cli
