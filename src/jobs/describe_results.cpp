#include "jobs/describe_results.h"

#include <fmt/format.h>

#include <set>
#include <string>

#include "gradspace/error.h"
#include "gradspace/results.h"
#include "results/results_kind.h"
#include "results/run_files.h"

namespace gradspace {
namespace {

Description describe_experiment(const std::filesystem::path& path) {
  const Results results = read_results(path);
  const bool by_class = results.kind == ResultsKind::kGradCon;
  nlohmann::ordered_json facts = first_facts(path, by_class ? "gradcon-benchmark" : "results");
  std::set<std::string> methods;
  std::set<int> types;
  std::set<int> runs;
  std::set<std::string> names;
  for (const ResultRow& row : results.rows) {
    methods.insert(row.method);
    types.insert(row.type);
    runs.insert(row.run);
    if (!row.name.empty()) {
      names.insert(row.name);
    }
  }
  facts["rows"] = results.rows.size();
  facts["methods"] = methods;
  facts[by_class ? "classes" : "types"] = types;
  if (!names.empty()) {
    facts["names"] = names;
  }
  facts["runs"] = runs.size();
  facts["options"] = nlohmann::ordered_json::parse(results.options_json);
  return {std::move(facts), results_table(results)};
}

/// The agreement of each metric over all types of distortion.
Description describe_quality(const std::filesystem::path& path, const nlohmann::json& content) {
  nlohmann::ordered_json facts = first_facts(path, "iqa-benchmark");
  nlohmann::ordered_json agreement = nlohmann::ordered_json::array();
  std::set<std::string> types;
  try {
    for (const nlohmann::json& row : content.at("summary")) {
      const auto type = row.at("type").get<std::string>();
      if (type != "all") {
        types.insert(type);
        continue;
      }
      nlohmann::ordered_json item;
      for (const char* key : {"metric", "srocc", "krocc", "plcc", "rmse", "outlier_ratio", "n"}) {
        item[key] = row.at(key);
      }
      agreement.push_back(std::move(item));
    }
    facts["types"] = types;
    facts["options"] = content.at("options");
  } catch (const nlohmann::json::exception&) {
    throw FormatError(fmt::format("{}: not a benchmark's results", path.string()));
  }
  facts["agreement"] = std::move(agreement);
  return {std::move(facts), ""};
}

/// What was compared, and the BD-rates between codecs.
Description describe_folders(const std::filesystem::path& path, const nlohmann::json& content) {
  nlohmann::ordered_json facts = first_facts(path, "folder-comparison");
  nlohmann::ordered_json folders = nlohmann::ordered_json::array();
  nlohmann::ordered_json bd_rates = nlohmann::ordered_json::array();
  try {
    for (const nlohmann::json& folder : content.at("folders")) {
      nlohmann::ordered_json item;
      for (const char* key : {"name", "images", "bytes", "bits_per_pixel"}) {
        item[key] = folder.at(key);
      }
      for (const nlohmann::json& score : folder.at("scores")) {
        item[score.at("metric").get<std::string>()] = score.at("mean");
      }
      folders.push_back(std::move(item));
    }
    for (const nlohmann::json& row : content.at("bd_rates")) {
      nlohmann::ordered_json item;
      for (const char* key : {"curve", "metric", "mean_bd_rate", "compared"}) {
        item[key] = row.at(key);
      }
      bd_rates.push_back(std::move(item));
    }
    facts["anchor"] = content.at("anchor");
    facts["options"] = content.at("options");
  } catch (const nlohmann::json::exception&) {
    throw FormatError(fmt::format("{}: not a comparison of folders", path.string()));
  }
  facts["folders"] = std::move(folders);
  facts["bd_rates"] = std::move(bd_rates);
  return {std::move(facts), ""};
}

}  // namespace

Description describe_results(const std::filesystem::path& path) {
  const nlohmann::json content = read_versioned_json(path);
  switch (require_results_kind(content, path)) {
    case ResultsKind::kImageQuality:
      return describe_quality(path, content);
    case ResultsKind::kFolderComparison:
      return describe_folders(path, content);
    case ResultsKind::kOod:
    case ResultsKind::kOneClass:
    case ResultsKind::kGradCon:
      break;
  }
  return describe_experiment(path);
}

}  // namespace gradspace
