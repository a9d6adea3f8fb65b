// From arguments to an exit status: parsing, help, and what becomes of errors.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace gradspace::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

/// Runs the command line `arguments` (without the program's name). Help and results go to standard
/// output, everything else to standard error.
int run(const std::vector<std::string>& arguments);

/// Parses `arguments` as `run` does and runs nothing: kDone, or kWrongUsage with a message on standard error.
int check_command_line(const std::vector<std::string>& arguments);

/// What `run` was last called with, as one would type it: for records of what was done.
std::string present_command_line();

}  // namespace gradspace::cli
