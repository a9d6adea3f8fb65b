#include "cli/printer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/json_text.h"
#include "cli/output.h"
#include "gradspace/error.h"

namespace gradspace::cli {
namespace {

/// The cell's text, numbers formatted by `number`; that of nothing is `none`.
std::string cell_text(const Cell& cell, const char* number, const char* none) {
  return std::visit(
      [&](const auto& value) -> std::string {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::monostate>) {
          return none;
        } else if constexpr (std::is_same_v<Value, std::string>) {
          return value;
        } else {
          return fmt::format(fmt::runtime(number), value);
        }
      },
      cell);
}

/// In quotes, with quotes in it doubled, where it holds a comma, a quote or a line break (RFC 4180), or
/// begins or ends with a blank, which readers may drop.
std::string csv_field(const std::string& text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const bool blank_ends = !text.empty() && (is_blank(text.front()) || is_blank(text.back()));
  if (!blank_ends && text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char character : text) {
    quoted += character == '"' ? "\"\"" : std::string(1, character);
  }
  return quoted + '"';
}

template <typename Json>
Json json_value(const Cell& cell) {
  return std::visit(
      [](const auto& value) -> Json {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::monostate>) {
          return nullptr;
        } else if constexpr (std::is_floating_point_v<Value>) {
          return std::isfinite(value) ? Json(value) : Json(nullptr);
        } else {
          return value;
        }
      },
      cell);
}

template <typename Json>
std::string object_text(const std::vector<Column>& columns, const std::vector<Cell>& row) {
  Json line = Json::object();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    line[columns[i].key] = json_value<Json>(row[i]);
  }
  return json_text(line);
}

}  // namespace

OutputFormat parse_output_format(std::string_view text) {
  if (text == "table") {
    return OutputFormat::kTable;
  }
  if (text == "jsonl") {
    return OutputFormat::kJsonLines;
  }
  if (text == "csv") {
    return OutputFormat::kCsv;
  }
  throw InvalidArgument(fmt::format("--format {}: not one of table, jsonl, csv", text));
}

Printer::Printer(OutputFormat format, PrinterLayout layout)
    : format_(format), layout_(std::move(layout)), write_(write_results) {
  print_head();
}

Printer::Printer(PrinterLayout layout, std::function<void(std::string_view)> write)
    : format_(OutputFormat::kCsv), layout_(std::move(layout)), write_(std::move(write)) {
  print_head();
}

void Printer::print(const std::vector<Cell>& row) const {
  if (format_ == OutputFormat::kJsonLines) {
    print_exact_line("{}", json_line(row));
    return;
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < row.size(); ++i) {
    texts.push_back(format_ == OutputFormat::kTable
                        ? cell_text(row[i], layout_.columns[i].number, "-")
                        : csv_field(cell_text(row[i], "{}", "")));
  }
  if (format_ == OutputFormat::kTable) {
    print_line("{}", table_line(texts));
  } else {
    print_csv_line(texts);
  }
}

void Printer::print_csv_line(const std::vector<std::string>& texts) const {
  write_(fmt::format("{}\n", fmt::join(texts, ",")));
}

void Printer::print_head() const {
  std::vector<std::string> headings;
  std::vector<std::string> keys;
  for (const Column& column : layout_.columns) {
    headings.push_back(column.heading);
    keys.push_back(column.key);
  }
  switch (format_) {
    case OutputFormat::kTable:
      print_line("{}", table_line(headings));
      break;
    case OutputFormat::kJsonLines:
      if (layout_.options_in_json_lines) {
        print_exact_line("{{\"options\":{}}}", layout_.options);
      }
      break;
    case OutputFormat::kCsv:
      if (layout_.options_in_csv) {
        write_(fmt::format("# {}\n", layout_.options));
      }
      print_csv_line(keys);
      break;
  }
}

std::string Printer::table_line(const std::vector<std::string>& texts) const {
  std::string line;
  std::string names;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const int width = layout_.columns[i].width;
    if (width == 0) {
      names += (names.empty() ? "" : ", ") + texts[i];
    } else if (width > 0) {
      line += fmt::format("{:>{}}  ", texts[i], width);
    } else {
      line += fmt::format("{:<{}}  ", texts[i], -width);
    }
  }
  return line + names;
}

std::string Printer::json_line(const std::vector<Cell>& row) const {
  return layout_.options_in_json_lines ? object_text<nlohmann::json>(layout_.columns, row)
                                       : object_text<nlohmann::ordered_json>(layout_.columns, row);
}

}  // namespace gradspace::cli
