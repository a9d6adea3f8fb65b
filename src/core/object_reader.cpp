#include "core/object_reader.h"

#include <fmt/format.h>

#include <limits>

#include "core/json.h"
#include "gradspace/error.h"
#include "gradspace/utf8_text.h"

namespace gradspace {

using nlohmann::json;

ObjectReader::ObjectReader(const json& object, std::string_view name)
    : object_(object), name_(name) {
  if (!object.is_object()) {
    throw FormatError(fmt::format("{}: {} where an object is wanted", name, brief(object)));
  }
}

const json& ObjectReader::member(const char* key) const {
  const auto found = object_.find(key);
  if (found == object_.end()) {
    throw FormatError(fmt::format("{}: \"{}\" is missing", name_, key));
  }
  return *found;
}

std::string ObjectReader::text(const char* key) const {
  const json& value = member(key);
  if (!value.is_string()) {
    throw FormatError(fmt::format("{}: \"{}\" is {}, not a text", name_, key, brief(value)));
  }
  return value.get<std::string>();
}

std::string ObjectReader::decoded_text(const char* key) const {
  return from_utf8(text(key));
}

std::int64_t ObjectReader::integer(const char* key, std::int64_t low, std::int64_t high) const {
  return integer_within(member(key), low, high, fmt::format("{}: \"{}\"", name_, key));
}

std::uint64_t ObjectReader::count(const char* key) const {
  return static_cast<std::uint64_t>(integer(key, 0, std::numeric_limits<std::int64_t>::max()));
}

bool ObjectReader::boolean(const char* key) const {
  const json& value = member(key);
  if (!value.is_boolean()) {
    throw FormatError(fmt::format("{}: \"{}\" is {}, not true or false", name_, key, brief(value)));
  }
  return value.get<bool>();
}

void ObjectReader::require_format_version(std::int64_t newest) const {
  const std::int64_t version =
      integer("format_version", 1, std::numeric_limits<std::int32_t>::max());
  if (version > newest) {
    throw FormatError(fmt::format("{}: format version {} is newer than the {} known here", name_,
                                  version, newest));
  }
}

}  // namespace gradspace
