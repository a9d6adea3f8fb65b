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

}  // namespace gradspace::cli
