// A JSON object of outside origin, member by member.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace gradspace {

/// Reads members of one object with errors that name them. The object outlives it.
class ObjectReader {
 public:
  /// `name` stands at the start of all complaints. Throws FormatError for what is no object.
  ObjectReader(const nlohmann::json& object, std::string_view name);

  bool has(const char* key) const { return object_.contains(key); }

  // These throw FormatError where there is no such member, or it is something else.

  const nlohmann::json& member(const char* key) const;
  std::string text(const char* key) const;
  /// As it was before `dump_json` wrote it: what may hold the name of a file.
  std::string decoded_text(const char* key) const;
  /// Within [low, high].
  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high) const;
  /// From 0 on.
  std::uint64_t count(const char* key) const;
  bool boolean(const char* key) const;

  /// Throws FormatError unless "format_version" is from 1 to `newest`.
  void require_format_version(std::int64_t newest) const;

 private:
  const nlohmann::json& object_;
  std::string name_;
};

}  // namespace gradspace
