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
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);  // npos + 1 = 0
}

}  // namespace

CsvTable::CsvTable(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {
  if (text_.starts_with("\xEF\xBB\xBF")) {  // a byte order mark
    position_ = 3;
  }
  skip_to_header();
  choose_separator();
  if (!read_row()) {
    fail("is empty");
  }
  drop_empty_fields(1);
  columns_.assign(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(used_));
  if (std::set<std::string>(columns_.begin(), columns_.end()).size() < columns_.size()) {
    fail("two columns have one name");
  }
}

void CsvTable::skip_to_header() {
  while (position_ < text_.size()) {
    const std::size_t end = std::min(text_.find('\n', position_), text_.size());
    const std::string_view line = text_.substr(position_, end - position_);
    if (!line.starts_with('#') && line.find_first_not_of(" \t\r") != std::string_view::npos) {
      return;
    }
    position_ = std::min(end + 1, text_.size());
    ++next_line_;
  }
}

void CsvTable::choose_separator() {
  const std::string_view header =
      text_.substr(position_, std::min(text_.find('\n', position_), text_.size()) - position_);
  for (const char candidate : {',', ';', '\t'}) {
    if (header.find(candidate) != std::string_view::npos) {
      separator_ = candidate;
      return;
    }
  }
}

std::string_view CsvTable::separator_text() const {
  return separator_ == ',' ? "commas" : separator_ == ';' ? "semicolons" : "tabs";
}

bool CsvTable::is_blank_row() const {
  return std::all_of(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(used_),
                     [](const std::string& field) { return field.empty(); });
}

void CsvTable::drop_empty_fields(std::size_t count) {
  while (used_ > count && fields_[used_ - 1].empty()) {
    --used_;
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
    std::string there;
    for (const std::string& column : columns_) {
      there += (there.empty() ? "" : ", ") + printable(column, 40);
    }
    throw FormatError(fmt::format("{}: has no column '{}'; parted by {} it has: {}", name_, name,
                                  separator_text(), printable(there, 200)));
  }
  return *found;
}

bool CsvTable::next() {
  do {
    if (!read_row()) {
      return false;
    }
  } while (is_blank_row());
  drop_empty_fields(columns_.size());
  if (used_ != columns_.size()) {
    fail(fmt::format("{} fields where the header has {}, parted by {}", used_, columns_.size(),
                     separator_text()));
  }
  return true;
}

double CsvTable::number(std::size_t column) const {
  std::string field = fields_[column];
  if (separator_ != ',' && field.find('.') == std::string::npos) {
    std::replace(field.begin(), field.end(), ',', '.');  // as spreadsheets of many countries write
  }
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
  const char ends[] = {separator_, '\n'};
  const std::size_t begin = text_.find_first_not_of(separator_ == '\t' ? " " : kBlanks, position_);
  if (begin < text_.size() && text_[begin] == '"') {
    position_ = begin;
    read_quoted(field);
  } else {
    const std::size_t end =
        std::min(text_.find_first_of(std::string_view(ends, 2), position_), text_.size());
    const bool ends_row = end == text_.size() || text_[end] == '\n';
    const bool windows = ends_row && end > position_ && text_[end - 1] == '\r';
    field.assign(without_blanks(text_.substr(position_, end - position_ - (windows ? 1 : 0))));
    position_ = end;
  }
  if (position_ < text_.size() && text_[position_] == separator_) {
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
  while (position_ < text_.size() && text_[position_] != separator_ &&
         std::string_view(" \t\r").find(text_[position_]) != std::string_view::npos) {
    ++position_;
  }
  if (position_ < text_.size() && text_[position_] != separator_ && text_[position_] != '\n') {
    fail("text follows a closing quote");
  }
}

}  // namespace gradspace
