// From arguments to an exit status: parsing, help, and what becomes of errors.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace gradspace::cli {

// The exit statuses: docs/contract.md. One more is InterruptGuard::exit_status().
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;      ///< wholly or partly
inline constexpr int kWrongUsage = 2;  ///< nothing was done
inline constexpr int kGateNotMet = 3;  ///< all is done, and the result is worse than was demanded

/// Runs the command line `arguments` (without the program's name). Help and results go to standard
/// output, everything else to standard error.
int run(const std::vector<std::string>& arguments);

/// What `work` returns, done on so many threads; 0 = as many as the command runs on.
int on_threads(int threads, const std::function<int()>& work);

/// Parses `arguments` as `run` does and runs nothing: kDone, or kWrongUsage with a message on standard error.
int check_command_line(const std::vector<std::string>& arguments);

/// What `run` was last called with, as one would type it: for records of what was done.
std::string present_command_line();

}  // namespace gradspace::cli
