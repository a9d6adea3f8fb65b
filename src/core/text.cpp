#include "core/text.h"

#include <algorithm>

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

}  // namespace gradspace
