// Any database, as a list of its pairs.
#include <fmt/format.h>

#include "core/csv_table.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "opinions/database.h"

namespace gradspace::databases {

List parse_csv_list(std::string_view text, const std::string& name) {
  CsvTable table(text, name);
  const std::size_t reference = table.column("reference");
  const std::size_t distorted = table.column("distorted");
  const std::size_t score = table.column("score");
  const auto type = table.find_column("type");
  const auto deviation = table.find_column("std");
  List list;
  while (table.next()) {
    ListedPair& pair = list.emplace_back();
    pair.reference = table.text(reference);
    pair.distorted = table.text(distorted);
    pair.opinion = table.number(score);
    if (type) {
      pair.type = table.text(*type);
    }
    // The outlier ratio wants all deviations or none.
    if (deviation) {
      pair.deviation = table.number(*deviation);
      if (*pair.deviation < 0) {
        throw FormatError(fmt::format("{}: the deviation of {} is {}", name,
                                      printable(pair.distorted), *pair.deviation));
      }
    }
  }
  return list;
}

}  // namespace gradspace::databases
