#include "results/text_table.h"

#include <algorithm>
#include <utility>

namespace gradspace {

std::size_t character_count(std::string_view utf8) {
  // Every byte but the continuation bytes 10xxxxxx begins a character.
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

TextTable::TextTable(std::vector<std::string> header) : columns_(header.size()) {
  rows_.push_back(std::move(header));
  add_rule();
}

void TextTable::add_row(std::vector<std::string> cells) {
  cells.resize(columns_);
  rows_.push_back(std::move(cells));
}

void TextTable::add_rule() {
  rows_.emplace_back();
}

std::string TextTable::text() const {
  constexpr std::string_view kGap = "  ";
  std::vector<std::size_t> widths(columns_, 0);
  for (const auto& row : rows_) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], character_count(row[column]));
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t column = 0; column < columns_; ++column) {
      line += column == 0 ? std::string_view() : kGap;
      if (row.empty()) {
        line.append(widths[column], '-');
        continue;
      }
      const std::string padding(widths[column] - character_count(row[column]), ' ');
      line += column == 0 ? row[column] + padding : padding + row[column];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace gradspace
