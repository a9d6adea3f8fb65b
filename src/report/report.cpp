#include "gradspace/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "gradspace/results.h"
#include "gradspace/version.h"
#include "report/html_page.h"
#include "report/page_data.h"
#include "results/results_kind.h"
#include "results/run_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kResults = "results.json";

/// The run's name for people: its folder's, or the one around it where that says nothing.
std::string title_of(const fs::path& folder) {
  fs::path path = fs::absolute(folder).lexically_normal();
  if (!path.has_filename()) {  // it ended in a slash
    path = path.parent_path();
  }
  const std::string name = path.filename().string();
  const bool says_nothing = name == "results" || name == "out" || name == "output";
  const std::string around = path.parent_path().filename().string();
  return says_nothing && !around.empty() ? around : name;
}

json unfinished_data(const fs::path& folder, Notes& notes) {
  Results nothing;
  json data = detection_data(folder, nothing, notes);
  if (data.at("training").empty()) {
    throw IoError(
        fmt::format("{}: holds no results.json, nor the beginnings of a run", folder.string()));
  }
  notes.insert(
      notes.begin(),
      "This run has not finished: there is no results.json yet. The same command continues "
      "it; until then there is only the training to see.");
  data["kind"] = "unfinished";
  return data;
}

json data_of(ResultsKind kind, const json& file, const fs::path& folder, Notes& notes) {
  switch (kind) {
    case ResultsKind::kGradCon:
      return gradcon_data(folder, read_results(folder / kResults), notes);
    case ResultsKind::kImageQuality:
      return quality_data(folder, file, notes);
    case ResultsKind::kFolderComparison:
      return comparison_data(folder, file, notes);
    case ResultsKind::kOod:
    case ResultsKind::kOneClass:
      break;
  }
  return detection_data(folder, read_results(folder / kResults), notes);
}

json finished_data(const fs::path& folder, Notes& notes) {
  const fs::path path = folder / kResults;
  const json file = read_versioned_json(path);
  if (!file.contains("options") || !file["options"].is_object()) {
    throw FormatError(fmt::format("{}: not a results file", path.string()));
  }
  const ResultsKind kind = require_results_kind(file, path);
  json data = data_of(kind, file, folder, notes);
  data["kind"] = name(kind);
  data["options"] = file["options"];
  data["record"] = file.value("record", json::object());
  data["version"] = file.value("gradspace_version", json(nullptr));
  return data;
}

}  // namespace

fs::path write_report(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    throw IoError(fmt::format("{}: is not a folder", folder.string()));
  }
  Notes notes;
  json data =
      fs::exists(folder / kResults) ? finished_data(folder, notes) : unfinished_data(folder, notes);
  data["title"] = title_of(folder);
  data["notes"] = notes;
  data["report_version"] = kVersion;
  fs::path path = folder / "report.html";
  write_file(path, html_page(data));
  return path;
}

}  // namespace gradspace
