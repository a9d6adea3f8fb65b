// Reads comma-separated values of outside origin (RFC 4180) a row at a time, by the columns' names. What
// spreadsheets and people make of the format is read, too: semicolons or tabs instead of commas (where the
// header has no comma; numbers may have decimal commas then), blank lines, blanks around fields without
// quotes, empty columns at the end, and lines that begin with '#' before the header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradspace {

class CsvTable {
 public:
  /// Reads the header. `text` must outlive the table; `name` starts every message. Throws
  /// FormatError when there is no header or two columns have one name.
  CsvTable(std::string_view text, std::string name);

  const std::vector<std::string>& columns() const { return columns_; }
  /// Where a column stands; throws FormatError when it isn't there.
  std::size_t column(std::string_view name) const;
  std::optional<std::size_t> find_column(std::string_view name) const;

  /// Goes to the next row; false at the end. Throws FormatError when it has another number of fields
  /// than the header, or a quote that is not closed.
  bool next();

  /// A field of the present row, without its quotes; valid until the next row.
  std::string_view text(std::size_t column) const { return fields_[column]; }
  /// Throw FormatError that names line and column unless the field is a finite number, or a whole
  /// number within [low, high].
  double number(std::size_t column) const;
  std::int64_t integer(std::size_t column, std::int64_t low, std::int64_t high) const;

 private:
  void skip_to_header();
  void choose_separator();
  /// What stands between columns, for messages: "commas".
  std::string_view separator_text() const;
  bool is_blank_row() const;
  /// Forgets empty fields behind `count`.
  void drop_empty_fields(std::size_t count);
  [[noreturn]] void fail(std::string_view why) const;
  [[noreturn]] void fail(std::size_t column, std::string_view wanted) const;
  bool read_row();
  /// Appends a field to `fields_`; true when another one follows on the row.
  bool read_field();
  void read_quoted(std::string& field);

  std::string_view text_;
  std::string name_;
  char separator_ = ',';
  std::vector<std::string> columns_;
  std::vector<std::string> fields_;
  std::size_t used_ = 0;  ///< of `fields_`, in the present row
  std::size_t position_ = 0;
  std::size_t line_ = 0;  ///< of the present row, from 1
  std::size_t next_line_ = 1;
};

}  // namespace gradspace
