#include "cli/command.h"

namespace gradspace::cli {

// One line a subcommand.
std::vector<Command> all_commands() { return {}; }

}  // namespace gradspace::cli
