// A table for a terminal: the first column to the left, the others to the right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradspace {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);

  /// Rows may be shorter than the header; what is missing is empty.
  void add_row(std::vector<std::string> cells);
  void add_rule();

  /// With a line end after each row. Widths count UTF-8 characters, not bytes.
  std::string text() const;

 private:
  std::size_t columns_;
  std::vector<std::vector<std::string>> rows_;  ///< an empty row is a rule
};

/// How many characters a UTF-8 text has.
std::size_t character_count(std::string_view utf8);

}  // namespace gradspace
