// Results for standard output: a table for people, JSON lines or CSV for programs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gradspace::cli {

enum class OutputFormat { kTable, kJsonLines, kCsv };

/// "table", "jsonl", "csv"; throws InvalidArgument that lists them.
OutputFormat parse_output_format(std::string_view text);

struct Column {
  std::string key;      ///< in JSON and CSV
  std::string heading;  ///< in the table
  /// Characters in the table: over 0 to the right, under 0 to the left. Columns of width 0 hold names of
  /// any length: they end the table's rows, with commas between them.
  int width = 0;
  const char* number = "{}";  ///< how the table shows a number
};

/// Nothing is "-" in a table, an empty field in CSV, and null in JSON; so is an infinity or NaN there.
using Cell = std::variant<std::monostate, double, float, std::uint64_t, std::string>;

struct PrinterLayout {
  std::vector<Column> columns;  ///< in CSV's order
  std::string options;  ///< a JSON object: what made the rows; CSV begins with it as a comment
  /// JSON lines begin with a line of the options, and have their keys in alphabetical order; else in the
  /// columns' order, without such a line.
  bool options_in_json_lines = true;
  bool options_in_csv = true;
};

/// Prints the head when it is made. Numbers have round-trip digits but in the table.
class Printer {
 public:
  Printer(OutputFormat format, PrinterLayout layout);
  /// CSV whose lines `write` gets, and standard output none.
  Printer(PrinterLayout layout, std::function<void(std::string_view)> write);

  /// One row, a cell a column.
  void print(const std::vector<Cell>& row) const;

 private:
  void print_head() const;
  void print_csv_line(const std::vector<std::string>& texts) const;
  std::string table_line(const std::vector<std::string>& texts) const;
  std::string json_line(const std::vector<Cell>& row) const;

  OutputFormat format_;
  PrinterLayout layout_;
  std::function<void(std::string_view)> write_;
};

}  // namespace gradspace::cli
