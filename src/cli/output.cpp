#include "cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "gradspace/utf8_text.h"

namespace gradspace::cli {
namespace {

/// Whether a character of UTF-8 moves the terminal's cursor, or the letters around it.
bool is_disturbing(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  switch (character.size()) {
    case 1:
      return byte(0) < 0x20 || byte(0) == 0x7F;
    case 2:
      return byte(0) == 0xC2 && byte(1) < 0xA0;  // U+0080 to U+009F
    case 3:
      return byte(0) == 0xE2 && ((byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE) ||
                                 (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9));
    default:
      return false;
  }
}

void append_escaped(std::string_view character, std::string& to) {
  constexpr std::array<std::pair<char, const char*>, 3> kShort = {
      {{'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}}};
  for (const auto& [byte, text] : kShort) {
    if (character.size() == 1 && character[0] == byte) {
      to += text;
      return;
    }
  }
  for (const char byte : character) {
    to += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
}

[[noreturn]] void throw_output_failed(int error) {
  throw OutputFailed(
      fmt::format("standard output: can't write: {}",
                  error == EBADF ? "it is closed" : std::generic_category().message(error)));
}

}  // namespace

void secure_standard_descriptors() {
  constexpr std::array<std::pair<int, int>, 3> kRefusing = {
      {{STDIN_FILENO, O_WRONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_RDONLY}}};
  for (const auto& [descriptor, flags] : kRefusing) {
    if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) {
      // The lowest free number is given out, and those below are taken.
      if (::open("/dev/null", flags) != descriptor) {
        std::abort();
      }
    }
  }
}

void let_large_writes_fail() {
  std::signal(SIGXFSZ, SIG_IGN);
}

std::string shown(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    if (length == 0 || is_disturbing(character)) {
      append_escaped(character, result);
    } else {
      result += character;
    }
    text.remove_prefix(character.size());
  }
  return result;
}

void write_results(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    throw_output_failed(errno);
  }
}

void flush_results() {
  if (std::fflush(stdout) != 0) {
    throw_output_failed(errno);
  }
  if (std::ferror(stdout) != 0) {  // something failed that went through no function of ours
    throw_output_failed(EIO);
  }
}

void write_message(std::string_view text) {
  // Whether it arrives is of no account: there is nowhere to say that it did not.
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  static_cast<void>(std::fflush(stderr));
}

void print_table(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    print_line("{}", lines.substr(0, end));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
}

}  // namespace gradspace::cli
