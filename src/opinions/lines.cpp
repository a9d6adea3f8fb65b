#include "opinions/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace::databases {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

}  // namespace

Lines::Lines(std::string_view text, std::string name) : rest_(text), name_(std::move(name)) {}

bool Lines::next() {
  words_.clear();
  while (words_.empty() && !rest_.empty()) {
    ++line_;
    std::string_view line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    while (true) {
      line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
      if (line.empty()) {
        break;
      }
      words_.push_back(line.substr(0, line.find_first_of(kBlanks)));
      line.remove_prefix(words_.back().size());
    }
  }
  return !words_.empty();
}

double Lines::number(std::size_t word) const {
  double value = 0;
  if (word >= words_.size()) {
    fail("too few words");
  }
  const std::string_view text = words_[word];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    fail(fmt::format("'{}' is not a finite number", printable(text)));
  }
  return value;
}

void Lines::fail(std::string_view why) const {
  throw FormatError(fmt::format("{}: line {}: {}", name_, line_, why));
}

}  // namespace gradspace::databases
