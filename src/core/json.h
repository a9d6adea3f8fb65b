// JSON of outside origin: parsed with limits, read with checks, every complaint one line.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace gradspace {

/// No file of ours nests deeper than a fifth of this.
inline constexpr int kMaxJsonDepth = 32;

/// Throws FormatError that starts with `name` for anything but one JSON value, for a key that
/// stands twice in one object, for nesting over kMaxJsonDepth and for numbers too large for a
/// double.
nlohmann::json parse_json(std::string_view text, std::string_view name);

/// The value as a whole number within [low, high]. Throws FormatError; `what` stands at its start.
std::int64_t integer_within(const nlohmann::json& value, std::int64_t low, std::int64_t high,
                            std::string_view what);

/// The value as text: on one line, or over several with lines indented by `indent` blanks a level. Bytes
/// that are no UTF-8, as names of files may hold, become U+FFFD.
template <typename Json>
std::string dump_json(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// A value as it stands in the file, cut to a length for messages.
std::string brief(const nlohmann::json& value);

}  // namespace gradspace
