// The subcommands: each function is defined in a file of its own, `<name>_command.cpp`. Their list is in
// CMakeLists.txt.
#pragma once

#include "cli/command.h"

namespace gradspace::cli {

#define GRADSPACE_SUBCOMMAND(name) Command name##_command();
#include "command_list.inc"
#undef GRADSPACE_SUBCOMMAND

}  // namespace gradspace::cli
