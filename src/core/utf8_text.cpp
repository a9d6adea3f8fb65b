#include "gradspace/utf8_text.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace gradspace {
namespace {

constexpr std::size_t kEscapeLength = 4;

/// The byte that the `\xNN` at the begin of `text` stands for, if one stands there.
std::optional<char> escaped_byte(std::string_view text) {
  if (text.size() < kEscapeLength || text[0] != '\\' || text[1] != 'x') {
    return std::nullopt;
  }
  unsigned value = 0;
  const char* const end = text.data() + kEscapeLength;
  const auto [parsed, error] = std::from_chars(text.data() + 2, end, value, 16);
  return error == std::errc() && parsed == end ? std::optional(static_cast<char>(value))
                                               : std::nullopt;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  const bool wrong =
      length > 2 && ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0) ||
                     (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90));
  return wrong ? 0 : length;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    if (length == 0 || escaped_byte(bytes)) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
      bytes.remove_prefix(1);
    } else {
      text += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return text;
}

std::string from_utf8(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const std::optional<char> byte = escaped_byte(text);
    bytes += byte.value_or(text[0]);
    text.remove_prefix(byte ? kEscapeLength : 1);
  }
  return bytes;
}

}  // namespace gradspace
