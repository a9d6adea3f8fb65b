// One table of a TOML file, read key by key. Whatever is wrong becomes a line with the file's name and the line's
// number; keys that nobody asked for are found at the end, with what was probably meant.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <toml.hpp>
#include <utility>
#include <vector>

#include "live/fields.h"

namespace gradspace::live {

struct Problem {
  std::size_t line = 0;
  std::string text;
};

/// What a whole file's tables share.
struct TomlFile {
  std::filesystem::path folder;  ///< of which relative paths are
  std::vector<Problem> problems = {};
};

class TomlReader {
 public:
  /// `table` outlives the reader; null reads as an empty table. `where` is "[http]".
  TomlReader(TomlFile& file, const toml::value* table, std::string where);

  void field(const char* name, std::string& value, Text text);
  void field(const char* name, std::filesystem::path& value);
  void field(const char* name, bool& value);
  void field(const char* name, double& value, Range range);
  void field(const char* name, std::vector<std::string>& value);
  void field(const char* name, CameraInputKind& value);
  template <class Integer>
  void field(const char* name, Integer& value, Range range) {
    if (const auto read = whole_number(name, range)) {
      value = static_cast<Integer>(*read);
    }
  }

  template <class Visit>
  void table(const char* name, Visit visit) {
    TomlReader inner(file_, find(name), "[" + inner_name(name) + "]");
    inner.require_table();
    visit(inner);
    inner.finish();
  }

  /// The tables of a list, [[name]]; none where it is missing.
  std::vector<const toml::value*> list(const char* name);

  /// A key that somebody else reads.
  void know(const char* name) { known_.emplace_back(name); }
  /// Notes the keys that were not asked for.
  void finish();
  void note(const toml::value& value, std::string text);
  std::size_t line() const;
  bool has(const char* name) const { return at(name) != nullptr; }

 private:
  /// Null where there is none.
  const toml::value* at(const std::string& name) const;
  const toml::value* find(const char* name);
  /// Null where there is none, and where it is of another type, which is noted: "true or false" was wanted.
  template <class OfType>
  const toml::value* find(const char* name, OfType of_type, std::string_view wanted) {
    const toml::value* const found = find(name);
    if (found != nullptr && !of_type(*found)) {
      wrong_type(name, *found, wanted);
      return nullptr;
    }
    return found;
  }
  std::optional<std::int64_t> whole_number(const char* name, Range range);
  void require_table();
  std::string inner_name(const std::string& name) const;
  void wrong_type(const char* name, const toml::value& value, std::string_view wanted);

  TomlFile& file_;
  const toml::value* table_;
  std::string where_;
  std::vector<std::string> known_;
};

}  // namespace gradspace::live
