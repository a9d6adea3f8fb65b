#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradspace/utf8_text.h"

namespace gradspace {

std::string printable(std::string_view text, std::size_t max_length) {
  std::string result(text.substr(0, max_length));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > max_length) {
    result += "...";
  }
  return result;
}

std::string readable_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    text += length > 0 ? std::string(bytes.substr(0, length))
                       : fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

}  // namespace gradspace
