#include "cli/output_format.h"

#include <fmt/format.h>

#include "gradspace/error.h"

namespace gradspace::cli {

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

}  // namespace gradspace::cli
