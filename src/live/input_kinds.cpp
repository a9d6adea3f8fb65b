#include "live/input_kinds.h"

#include <algorithm>

namespace gradspace::live {

/// In the order of CameraInputKind.
const std::vector<std::string>& input_kind_words() {
  static const std::vector<std::string> words = {"folder", "stream", "video",
                                                 "raw",    "push",   "simulated"};
  return words;
}

std::optional<CameraInputKind> input_kind(std::string_view word) {
  const auto& words = input_kind_words();
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) {
    return std::nullopt;
  }
  return static_cast<CameraInputKind>(found - words.begin());
}

std::string input_kind_word(CameraInputKind kind) {
  return input_kind_words().at(static_cast<std::size_t>(kind));
}

}  // namespace gradspace::live
