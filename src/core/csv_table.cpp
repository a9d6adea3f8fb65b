#include "core/csv_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {

CsvTable::CsvTable(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {
  if (text_.starts_with("\xEF\xBB\xBF")) {  // a byte order mark
    position_ = 3;
  }
  if (!read_row()) {
    fail("is empty");
  }
  columns_.assign(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(used_));
  if (std::set<std::string>(columns_.begin(), columns_.end()).size() < columns_.size()) {
    fail("two columns have one name");
  }
}

std::optional<std::size_t> CsvTable::find_column(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - columns_.begin());
}

std::size_t CsvTable::column(std::string_view name) const {
  const auto found = find_column(name);
  if (!found) {
    throw FormatError(fmt::format("{}: has no column '{}'", name_, name));
  }
  return *found;
}

bool CsvTable::next() {
  if (!read_row()) {
    return false;
  }
  if (used_ != columns_.size()) {
    fail(fmt::format("{} fields where the header has {}", used_, columns_.size()));
  }
  return true;
}

double CsvTable::number(std::size_t column) const {
  const std::string& field = fields_[column];
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value)) {
    fail(column, "a finite number");
  }
  return value;
}

std::int64_t CsvTable::integer(std::size_t column, std::int64_t low, std::int64_t high) const {
  const std::string& field = fields_[column];
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size() || value < low || value > high) {
    fail(column, fmt::format("a whole number from {} to {}", low, high));
  }
  return value;
}

void CsvTable::fail(std::string_view why) const {
  throw FormatError(fmt::format("{}: line {}: {}", name_, line_, why));
}

void CsvTable::fail(std::size_t column, std::string_view wanted) const {
  fail(fmt::format("{} is '{}'; it must be {}", printable(columns_[column]),
                   printable(fields_[column]), wanted));
}

bool CsvTable::read_row() {
  used_ = 0;
  line_ = next_line_;
  if (position_ == text_.size()) {
    return false;
  }
  while (read_field()) {
  }
  ++next_line_;
  return true;
}

bool CsvTable::read_field() {
  if (used_ == fields_.size()) {
    fields_.emplace_back();
  }
  std::string& field = fields_[used_++];
  if (position_ < text_.size() && text_[position_] == '"') {
    read_quoted(field);
  } else {
    const std::size_t end = std::min(text_.find_first_of(",\n", position_), text_.size());
    const bool ends_row = end == text_.size() || text_[end] == '\n';
    const bool windows = ends_row && end > position_ && text_[end - 1] == '\r';
    field.assign(text_.substr(position_, end - position_ - (windows ? 1 : 0)));
    position_ = end;
  }
  if (position_ < text_.size() && text_[position_] == ',') {
    ++position_;
    return true;
  }
  position_ = std::min(position_ + 1, text_.size());
  return false;
}

void CsvTable::read_quoted(std::string& field) {
  field.clear();
  ++position_;
  while (true) {
    const std::size_t quote = text_.find('"', position_);
    if (quote == std::string_view::npos) {
      fail("a quote is not closed");
    }
    const std::string_view part = text_.substr(position_, quote - position_);
    next_line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    field += part;
    position_ = quote + 1;
    if (position_ == text_.size() || text_[position_] != '"') {
      break;
    }
    field += '"';
    ++position_;
  }
  if (position_ < text_.size() && text_[position_] == '\r') {
    ++position_;
  }
  if (position_ < text_.size() && text_[position_] != ',' && text_[position_] != '\n') {
    fail("text follows a closing quote");
  }
}

}  // namespace gradspace
