#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/csv_table.h"
#include "gradspace/error.h"

namespace {

using namespace gradspace;

std::vector<std::vector<std::string>> rows_of(std::string_view text) {
  CsvTable table(text, "fuzz");
  std::vector<std::vector<std::string>> rows{table.columns()};
  while (table.next()) {
    std::vector<std::string>& row = rows.emplace_back();
    for (std::size_t i = 0; i < table.columns().size(); ++i) {
      row.emplace_back(table.text(i));
    }
  }
  return rows;
}

std::string text_of(const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      // Quoted always: neither a byte order mark nor an empty last row is mistaken.
      text += i == 0 ? "\"" : ",\"";
      for (const char character : row[i]) {
        text.append(character == '"' ? 2 : 1, character);
      }
      text += '"';
    }
    text += '\n';
  }
  return text;
}

}  // namespace

// Tables of outside origin: what is read, written again and read again is the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto rows = rows_of({reinterpret_cast<const char*>(data), size});
    if (rows_of(text_of(rows)) != rows) {
      std::abort();
    }
  } catch (const FormatError&) {
  }
  return 0;
}
