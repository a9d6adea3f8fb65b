// Settings as TOML, every value written.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "live/fields.h"
#include "live/input_kinds.h"

namespace gradspace::live {

/// A text as TOML's basic string.
std::string toml_text(std::string_view text);

class TomlWriter {
 public:
  /// Writes to the end of `out`; `name` is the table's, empty at the top.
  TomlWriter(std::string& out, std::string name) : out_(out), name_(std::move(name)) {}

  void field(const char* name, const std::string& value, Text) { line(name, toml_text(value)); }
  void field(const char* name, const std::filesystem::path& value) {
    line(name, toml_text(value.string()));
  }
  void field(const char* name, const bool& value) { line(name, value ? "true" : "false"); }
  void field(const char* name, const std::vector<std::string>& value);
  void field(const char* name, const CameraInputKind& value) {
    line(name, toml_text(input_kind_word(value)));
  }
  template <class Number>
  void field(const char* name, const Number& value, Range) {
    if constexpr (std::is_floating_point_v<Number>) {
      const std::string text = fmt::format("{}", value);
      // TOML tells 1 from 1.0, and wants a digit on both sides of the point.
      line(name, text.find_first_of(".e") == std::string::npos ? text + ".0" : text);
    } else {
      line(name, fmt::format("{}", value));
    }
  }

  template <class Visit>
  void table(const char* name, Visit visit) {
    const std::string whole = name_.empty() ? name : name_ + "." + name;
    out_ += fmt::format("\n[{}]\n", whole);
    TomlWriter inner(out_, whole);
    visit(inner);
  }

 private:
  void line(const char* name, std::string_view value) {
    out_ += fmt::format("{} = {}\n", name, value);
  }

  std::string& out_;
  std::string name_;
};

}  // namespace gradspace::live
