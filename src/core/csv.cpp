#include "core/csv.h"

namespace gradspace {

std::string csv_field(std::string_view text) {
  constexpr std::string_view kBlankEnds = " \t";  // readers take those at the ends for nothing
  const bool blank_ends =
      !text.empty() && (kBlankEnds.find(text.front()) != std::string_view::npos ||
                        kBlankEnds.find(text.back()) != std::string_view::npos);
  if (!blank_ends && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char character : text) {
    quoted.append(character == '"' ? 2 : 1, character);
  }
  return quoted + '"';
}

void CsvWriter::begin_field() {
  if (row_begun_) {
    text_.push_back(',');
  }
  row_begun_ = true;
}

void CsvWriter::append_text(std::string_view text) {
  const std::string field = csv_field(text);
  text_.append(field.data(), field.data() + field.size());
}

void CsvWriter::end_row() {
  text_.push_back('\n');
  row_begun_ = false;
}

}  // namespace gradspace
