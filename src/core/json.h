// JSON of outside origin: parsed with limits, read with checks, every complaint one line.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/text.h"
#include "gradspace/utf8_text.h"

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

/// The value with `f` applied to all texts and keys.
template <typename Json, typename Function>
Json with_texts(const Json& value, const Function& f) {
  if (value.is_string()) {
    return f(value.template get_ref<const std::string&>());
  }
  if (!value.is_structured()) {
    return value;
  }
  Json result(value.type());
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (value.is_array()) {
      result.push_back(with_texts(*member, f));
    } else {
      result[f(member.key())] = with_texts(*member, f);
    }
  }
  return result;
}

/// The value as text: on one line, or over several with lines indented by `indent` blanks a level. Names of
/// files may be no UTF-8: see `to_utf8`.
template <typename Json>
std::string dump_json(const Json& value, int indent = -1) {
  return with_texts(value, to_utf8).dump(indent);
}

/// What JSON text of our own says, with names of files as they were before `dump_json`. Throws nlohmann's
/// exceptions.
inline nlohmann::json load_json(std::string_view text) {
  return with_texts(nlohmann::json::parse(text), from_utf8);
}

/// The same as `dump_json` for people to read: of what `to_utf8` has been over already nothing is escaped twice.
template <typename Json>
std::string dump_readable_json(const Json& value, int indent = -1, bool ascii = false) {
  return with_texts(value, readable_utf8).dump(indent, ' ', ascii);
}

/// A value as it stands in the file, cut to a length for messages.
std::string brief(const nlohmann::json& value);

}  // namespace gradspace
