#include "data/brace_range.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>

#include "gradspace/error.h"

namespace gradspace {
namespace {

struct BraceRange {
  std::string_view before;
  std::string_view after;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::size_t digits = 0;
};

bool parse_digits(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// The first "{A..B}" of two numbers.
std::optional<BraceRange> find_range(std::string_view text) {
  for (std::size_t open = text.find('{'); open != std::string_view::npos;
       open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view inner = text.substr(open + 1, close - open - 1);
    const std::size_t dots = inner.find("..");
    BraceRange range{text.substr(0, open), text.substr(close + 1)};
    if (dots != std::string_view::npos && parse_digits(inner.substr(0, dots), range.first) &&
        parse_digits(inner.substr(dots + 2), range.last)) {
      range.digits = inner.starts_with('0') ? dots : 1;
      return range;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> expand_ranges(std::string_view text) {
  const std::optional<BraceRange> range = find_range(text);
  if (!range) {
    return {std::string(text)};
  }
  if (range->last < range->first) {
    throw InvalidArgument(
        fmt::format("{}: the range from {} to {} is empty", text, range->first, range->last));
  }
  const std::vector<std::string> behind = expand_ranges(range->after);
  if (range->last - range->first >= kMaxRange / behind.size()) {
    throw InvalidArgument(fmt::format("{}: stands for more than {} archives", text, kMaxRange));
  }
  std::vector<std::string> paths;
  for (std::uint64_t number = range->first; number <= range->last; ++number) {
    for (const std::string& rest : behind) {
      paths.push_back(fmt::format("{}{:0{}}{}", range->before, number, range->digits, rest));
    }
  }
  return paths;
}

}  // namespace gradspace
