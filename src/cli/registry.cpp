#include "cli/commands.h"

namespace gradspace::cli {

std::vector<Command> all_commands() {
  return {
#define GRADSPACE_SUBCOMMAND(name) name##_command(),
#include "command_list.inc"
#undef GRADSPACE_SUBCOMMAND
  };
}

}  // namespace gradspace::cli
