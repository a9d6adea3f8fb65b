#include "core/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using Json = nlohmann::json;

/// Watches the parser from event to event.
class Limits {
 public:
  explicit Limits(std::string_view name) : name_(name) {}

  bool operator()(int, Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        keys_.emplace_back();
        if (keys_.size() > kMaxJsonDepth) {
          throw FormatError(
              fmt::format("{}: JSON nested more than {} levels deep", name_, kMaxJsonDepth));
        }
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        keys_.pop_back();
        break;
      case Json::parse_event_t::key:
        if (!keys_.back().insert(parsed.get_ref<const std::string&>()).second) {
          throw FormatError(fmt::format("{}: JSON key {} stands twice", name_, brief(parsed)));
        }
        break;
      case Json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  std::string_view name_;
  std::vector<std::set<std::string>> keys_;  ///< those seen in each open object
};

}  // namespace

nlohmann::json parse_json(std::string_view text, std::string_view name) {
  Limits limits(name);
  try {
    return Json::parse(text, [&limits](int depth, Json::parse_event_t event, Json& parsed) {
      return limits(depth, event, parsed);
    });
  } catch (const Json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte == 0 ? 0 : error.byte - 1);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t column = before.size() - (before.rfind('\n') + 1) + 1;
    throw FormatError(fmt::format("{}: not valid JSON at line {}, column {}", name, line, column));
  } catch (const Json::exception&) {
    throw FormatError(fmt::format("{}: JSON with a number too large", name));
  }
}

std::int64_t integer_within(const nlohmann::json& value, std::int64_t low, std::int64_t high,
                            std::string_view what) {
  // Whole numbers over 2^63 are a type of their own, which get() would wrap to negative ones.
  const bool too_large =
      value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX};
  if (value.is_number_integer() && !too_large) {
    const auto number = value.get<std::int64_t>();
    if (number >= low && number <= high) {
      return number;
    }
  }
  throw FormatError(fmt::format("{} is {}; it must be a whole number from {} to {}", what,
                                brief(value), low, high));
}

std::string brief(const nlohmann::json& value) {
  return printable(value.dump(-1, ' ', true, Json::error_handler_t::replace), 60);
}

}  // namespace gradspace
