// Writes comma-separated values as RFC 4180 has them, but with '\n' at the end of a row.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <type_traits>

namespace gradspace {

/// A field: in quotes, with quotes in it doubled, where it holds a comma, a quote or a line break, or begins or
/// ends with a blank.
std::string csv_field(std::string_view text);

/// Rows of CSV in memory, field by field. Numbers are written with the fewest digits that read back the
/// same. Whoever wants other digits formats them and adds a text.
class CsvWriter {
 public:
  /// Adds fields to the present row.
  template <typename... Fields>
  CsvWriter& add(const Fields&... fields) {
    (add_field(fields), ...);
    return *this;
  }
  void end_row();

  /// A whole row, or the rest of one.
  template <typename... Fields>
  void row(const Fields&... fields) {
    add(fields...);
    end_row();
  }

  /// All rows that have ended since the last `clear`, as long as no other one begins.
  std::string_view text() const { return {text_.data(), text_.size()}; }
  void clear() { text_.clear(); }

 private:
  template <typename Field>
  void add_field(const Field& field) {
    begin_field();
    if constexpr (std::is_convertible_v<const Field&, std::string_view>) {
      append_text(field);
    } else {
      static_assert(std::is_arithmetic_v<Field> && !std::is_same_v<Field, bool> &&
                    !std::is_same_v<Field, char>);
      fmt::format_to(fmt::appender(text_), "{}", field);
    }
  }
  void begin_field();
  void append_text(std::string_view text);

  fmt::memory_buffer text_;
  bool row_begun_ = false;
};

}  // namespace gradspace
