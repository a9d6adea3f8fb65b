// Tables for people, JSON lines and CSV for programs.
#pragma once

#include <string_view>

namespace gradspace::cli {

enum class OutputFormat { kTable, kJsonLines, kCsv };

/// "table", "jsonl", "csv"; throws InvalidArgument that lists them.
OutputFormat parse_output_format(std::string_view text);

}  // namespace gradspace::cli
