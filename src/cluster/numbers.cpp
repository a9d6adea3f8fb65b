// Lists of numbers as Slurm writes those of an array: "3,17,40-44".
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/text.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Takes a number from the front; throws for none.
std::uint32_t take_number(std::string_view& rest, std::string_view whole, std::uint32_t end) {
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc() || number >= end) {
    throw InvalidArgument(fmt::format("\"{}\": wanted numbers from 0 to {} such as 3,17,40-44",
                                      printable(whole), end - 1));
  }
  rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
  return number;
}

}  // namespace

std::string numbers_text(const std::vector<std::uint32_t>& rising) {
  std::string text;
  for (std::size_t i = 0; i < rising.size();) {
    std::size_t last = i;
    while (last + 1 < rising.size() && rising[last + 1] == rising[last] + 1) {
      ++last;
    }
    text += fmt::format("{}{}", text.empty() ? "" : ",", rising[i]);
    if (last > i) {
      text += fmt::format("{}{}", last == i + 1 ? ',' : '-', rising[last]);
    }
    i = last + 1;
  }
  return text;
}

std::vector<std::uint32_t> parse_numbers(std::string_view text, std::uint32_t end) {
  std::vector<bool> wanted(end);
  std::string_view rest = text;
  while (true) {
    const std::uint32_t first = take_number(rest, text, end);
    std::uint32_t last = first;
    if (rest.starts_with('-')) {
      rest.remove_prefix(1);
      last = take_number(rest, text, end);
    }
    if (last < first || (!rest.empty() && rest.front() != ',')) {
      throw InvalidArgument(
          fmt::format("\"{}\": wanted rising numbers such as 3,17,40-44", printable(text)));
    }
    std::fill(wanted.begin() + first, wanted.begin() + last + 1, true);
    if (rest.empty()) {
      break;
    }
    rest.remove_prefix(1);
  }
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < end; ++i) {
    if (wanted[i]) {
      numbers.push_back(i);
    }
  }
  return numbers;
}

}  // namespace gradspace
