#include "data/feature_index.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/csv.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

void append(fmt::memory_buffer& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

template <typename Number>
void append_number(fmt::memory_buffer& out, Number value) {
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  out.append(digits, end);
}

}  // namespace

void append_index_row(fmt::memory_buffer& out, std::uint64_t row, const FeatureRow& values) {
  append_number(out, row);
  out.push_back(',');
  append(out, csv_field(values.image.path));
  out.push_back(',');
  append(out, csv_field(values.image.set));
  for (const int number :
       {values.image.challenge, values.image.level, values.image.object_class, values.label}) {
    out.push_back(',');
    append_number(out, number);
  }
  for (const float number : {values.bce, values.kld}) {
    out.push_back(',');
    append_number(out, number);
  }
  out.push_back('\n');
}

void append_failure(fmt::memory_buffer& out, const FailedImage& failure) {
  append(out, csv_field(failure.path));
  out.push_back(',');
  append(out, csv_field(failure.reason));
  out.push_back('\n');
}

CsvReader::CsvReader(std::string_view text, std::string_view header, std::string_view name)
    : text_(text), name_(name), position_(header.size()) {
  if (!text.starts_with(header)) {
    throw FormatError(fmt::format("{}: does not start with the line {}", name,
                                  header.substr(0, header.size() - 1)));
  }
}

CsvReader::CsvReader(std::string_view text, std::size_t offset, std::string_view name)
    : text_(text), name_(name), position_(offset) {}

void CsvReader::read_index_row(std::uint64_t row, FeatureRow& out) {
  row_begin_ = position_;
  if (number<std::uint64_t>(',') != row) {
    fail(fmt::format("row {} is not next", row));
  }
  out.image.path = field(',');
  out.image.set = field(',');
  out.image.challenge = number<int>(',');
  out.image.level = number<int>(',');
  out.image.object_class = number<int>(',');
  out.label = number<int>(',');
  out.bce = number<float>(',');
  out.kld = number<float>('\n');
}

void CsvReader::read_failure(FailedImage& out) {
  row_begin_ = position_;
  out.path = field(',');
  out.reason = field('\n');
}

void CsvReader::fail(std::string_view why) const {
  const auto begin = text_.begin();
  const auto line = 1 + std::count(begin, begin + static_cast<std::ptrdiff_t>(row_begin_), '\n');
  throw FormatError(fmt::format("{}: line {}: {}", name_, line, why));
}

std::string_view CsvReader::field(char separator) {
  std::string_view value;
  if (position_ < text_.size() && text_[position_] == '"') {
    unquoted_.clear();
    ++position_;
    while (true) {
      const std::size_t quote = text_.find('"', position_);
      if (quote == std::string_view::npos) {
        fail("a quote is not closed");
      }
      unquoted_ += text_.substr(position_, quote - position_);
      position_ = quote + 1;
      if (position_ == text_.size() || text_[position_] != '"') {
        break;
      }
      unquoted_ += '"';
      ++position_;
    }
    value = unquoted_;
  } else {
    const std::size_t end = std::min(text_.find_first_of(",\"\r\n", position_), text_.size());
    value = text_.substr(position_, end - position_);
    position_ = end;
  }
  if (position_ == text_.size()) {
    fail("the row ends too early");
  }
  if (text_[position_] != separator) {
    fail(separator == ',' ? "too few fields, or a stray quote"
                          : "too many fields, or a stray quote");
  }
  ++position_;
  return value;
}

template <typename Number>
Number CsvReader::number(char separator) {
  const std::string_view text = field(separator);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail("a field that should be a number is not");
  }
  return value;
}

}  // namespace gradspace
