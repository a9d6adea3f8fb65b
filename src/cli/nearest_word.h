// What somebody who mistyped a word meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradspace::cli {

/// The candidate nearest to `word`, or an empty text when none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace gradspace::cli
