// The page's data for image quality benchmarks.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/csv_table.h"
#include "core/file.h"
#include "gradspace/error.h"
#include "report/page_data.h"
#include "report/run_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 28;

}  // namespace

json quality_data(const fs::path& folder, const json& results, Notes& notes) {
  json data = {{"summary", results.at("summary")}};
  const fs::path path = folder / "scores.csv";
  if (!fs::exists(path)) {
    notes.emplace_back("scores.csv is not there: no scatter plot.");
    return data;
  }
  const std::string text = read_text_file(path, kMaxBytes);
  CsvTable table(text, path.string());
  table.column("opinion");
  return data;
}

}  // namespace gradspace
