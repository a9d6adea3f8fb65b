// All that the command prints: results to standard output, which must arrive, and messages to standard error,
// which are dropped where nobody can take them.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace gradspace::cli {

/// Standard output could not be written. No gradspace::Error: nothing but the command's end may catch it.
class OutputFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Gives the descriptors 0, 1 and 2, where the caller closed them, to something that refuses to be used, so
/// that no file which is opened later takes their place. For the begin of main.
void secure_standard_descriptors();

/// Lets a write past the limit on the size of files (`ulimit -f`) fail as on a full disk, with a message, where the
/// system would end the process.
void let_large_writes_fail();

/// `text` as a terminal may show it: control characters, bytes that are no UTF-8, and marks that turn the
/// direction of writing stand as "\n", "\x1b" and the like.
std::string shown(std::string_view text);

/// Writes results as they are. Throws OutputFailed.
void write_results(std::string_view text);
/// Sees to it that all results so far have arrived. Throws OutputFailed.
void flush_results();

/// Writes a message as it is; one that can't be written is dropped.
void write_message(std::string_view text);

/// A line of results for people. Throws OutputFailed.
template <typename... Values>
void print_line(fmt::format_string<Values...> format, Values&&... values) {
  write_results(shown(fmt::format(format, std::forward<Values>(values)...)) + '\n');
}

/// A line of results for programs, in which names stand exactly as they are. Throws OutputFailed.
template <typename... Values>
void print_exact_line(fmt::format_string<Values...> format, Values&&... values) {
  write_results(fmt::format(format, std::forward<Values>(values)...) + '\n');
}

/// A table of several lines for people. Throws OutputFailed.
void print_table(std::string_view lines);

/// A line on standard error.
template <typename... Values>
void say(fmt::format_string<Values...> format, Values&&... values) {
  write_message(shown(fmt::format(format, std::forward<Values>(values)...)) + '\n');
}

}  // namespace gradspace::cli
