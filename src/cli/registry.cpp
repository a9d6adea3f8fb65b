#include "cli/commands.h"

namespace gradspace::cli {

// One line a subcommand, in the order of the list that --help prints.
std::vector<Command> all_commands() {
  return {
      fit_command(),
      evaluate_command(),
      score_command(),
      challenge_command(),
  };
}

}  // namespace gradspace::cli
