#include "data/feature_index.h"

#include <algorithm>
#include <charconv>

#include "gradspace/error.h"

namespace gradspace {

void add_index_fields(CsvWriter& csv, std::uint64_t row, const FeatureRow& values) {
  const ImageInfo& image = values.image;
  csv.add(row, image.path, image.set, image.challenge, image.level, image.object_class,
          values.label, values.bce, values.kld);
  if (values.tile) {
    csv.add(values.tile->x, values.tile->y);
  }
}

void add_index_row(CsvWriter& csv, std::uint64_t row, const FeatureRow& values) {
  add_index_fields(csv, row, values);
  csv.end_row();
}

void add_failure(CsvWriter& csv, const FailedImage& failure) {
  csv.row(failure.path, failure.reason);
}

std::string failures_text(std::span<const FailedImage> failures) {
  CsvWriter csv;
  for (const FailedImage& failure : failures) {
    add_failure(csv, failure);
  }
  return std::string(kFailuresHeader) + std::string(csv.text());
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

void CsvReader::read_index_row(std::uint64_t row, bool tiles, FeatureRow& out) {
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
  out.kld = number<float>(tiles ? ',' : '\n');
  if (tiles) {
    const int x = number<int>(',');
    out.tile = TilePlace{x, number<int>('\n')};
  }
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

std::vector<FailedImage> parse_failures(std::string_view text, std::string_view name) {
  std::vector<FailedImage> failures;
  for (CsvReader reader(text, kFailuresHeader, name); !reader.at_end();) {
    reader.read_failure(failures.emplace_back());
  }
  return failures;
}

}  // namespace gradspace
