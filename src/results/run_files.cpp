#include "results/run_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/checksum.h"
#include "core/csv_table.h"
#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "results/score_curves.h"
#include "results/small_number.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kNewestFormat = 1;
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 26;
constexpr std::size_t kMaxEpochs = 300;     ///< shown of a run
constexpr std::size_t kMaxRuns = 20;        ///< with training curves
constexpr std::size_t kMaxFilters = 512;    ///< shown of a layer
constexpr std::size_t kMaxValues = 60'000;  ///< of all fingerprints

/// Columns of one run, in the order of the file.
using Columns = std::map<std::string, std::vector<json>>;

/// At most `most` rows evenly spread, and the one of the least validation loss.
std::vector<std::size_t> rows_shown(const Columns& columns, std::size_t most) {
  const std::size_t count = columns.begin()->second.size();
  std::set<std::size_t> rows;
  for (std::size_t i = 0; i < std::min(count, most); ++i) {
    rows.insert(count <= most ? i : i * (count - 1) / (most - 1));
  }
  if (const auto losses = columns.find("validation_loss"); losses != columns.end()) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < count; ++i) {
      const json& loss = losses->second[i];
      if (loss.is_number() && (!best || loss < losses->second[*best])) {
        best = i;
      }
    }
    if (best) {
      rows.insert(*best);
    }
  }
  return {rows.begin(), rows.end()};
}

json thinned(const Columns& columns, std::size_t most) {
  json thin = json::object();
  if (columns.empty()) {
    return thin;
  }
  const std::vector<std::size_t> rows = rows_shown(columns, most);
  for (const auto& [name, values] : columns) {
    json& kept = thin[name] = json::array();
    for (const std::size_t row : rows) {
      kept.push_back(values[row]);
    }
  }
  return thin;
}

/// A json_cell of a training log; a loss that is no finite number is a gap in its curve.
json json_cell(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(value) ? json(rounded(value)) : json(nullptr);
}

void read_training_file(const fs::path& path, int run_of_file, std::map<int, Columns>& runs) {
  const std::string text = read_text_file(path, kMaxBytes);
  CsvTable table(text, path.string());
  const auto run_column = table.find_column("run");
  table.column("epoch");
  while (table.next()) {
    const int run = run_column ? small_number(table, *run_column) : run_of_file;
    if (!runs.contains(run) && runs.size() == kMaxRuns) {
      continue;
    }
    for (std::size_t i = 0; i < table.columns().size(); ++i) {
      if (i != run_column) {
        runs[run][table.columns()[i]].push_back(json_cell(table.text(i)));
      }
    }
  }
}

/// The folders run-0, run-1, ... that hold a training log, by number.
std::map<int, fs::path> run_logs(const fs::path& folder) {
  constexpr std::string_view kPrefix = "run-";
  std::map<int, fs::path> logs;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    int run = 0;
    if (name.starts_with(kPrefix)) {
      const auto [end, error] =
          std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), run);
      if (error == std::errc() && end == name.data() + name.size() && run >= 0 &&
          fs::exists(entry.path() / "training.csv")) {
        logs[run] = entry.path() / "training.csv";
      }
    }
  }
  return logs;
}

/// Sums over runs of a filter's values.
struct Fingerprint {
  std::vector<double> sums;
  int count = 0;
};

using LayerAndLoss = std::pair<std::string, std::string>;
using Fingerprints = std::map<LayerAndLoss, std::map<std::pair<int, int>, Fingerprint>>;

void add_fingerprint(const json& row, const std::string& name, const Conditions& conditions,
                     Fingerprints& fingerprints) {
  const int type = small_number(row.at("type"), name + ": type");
  const int level = small_number(row.at("level"), name + ": level");
  auto values = row.at("mean_absolute").get<std::vector<double>>();
  if (type != 0 && conditions.type_at(type) < 0) {
    return;
  }
  if (values.size() > kMaxFilters) {
    values.erase(values.begin() + kMaxFilters, values.end());
  }
  const std::pair<int, int> place = type == 0                      ? std::pair(kCleanType, 0)
                                    : conditions.levels_averaged() ? std::pair(type, 0)
                                                                   : std::pair(type, level);
  Fingerprint& sum =
      fingerprints[{row.at("layer").get<std::string>(), row.at("loss").get<std::string>()}][place];
  if (sum.sums.size() < values.size()) {
    sum.sums.insert(sum.sums.end(), values.size() - sum.sums.size(), 0.0);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum.sums[i] += values[i];
  }
  ++sum.count;
}

}  // namespace

json read_versioned_json(const fs::path& path) {
  json file = parse_sealed_json(read_text_file(path, kMaxBytes), path.string());
  if (!file.is_object() || !file.contains("format_version")) {
    throw FormatError(fmt::format("{}: has no format_version", path.string()));
  }
  const std::int64_t version =
      integer_within(file["format_version"], 1, kMaxNumber, path.string() + ": format_version");
  if (version > kNewestFormat) {
    throw FormatError(fmt::format("{}: format version {} is newer than this gradspace reads ({})",
                                  path.string(), version, kNewestFormat));
  }
  return file;
}

double rounded(double value) {
  return std::stod(fmt::format("{:.6g}", value));
}

json read_training(const fs::path& folder) {
  std::map<int, Columns> runs;
  if (fs::exists(folder / "training.csv")) {
    read_training_file(folder / "training.csv", 0, runs);
  } else {
    for (const auto& [run, path] : run_logs(folder)) {
      read_training_file(path, run, runs);
    }
  }
  json training = json::array();
  for (const auto& [run, columns] : runs) {
    training.push_back({{"run", run}, {"columns", thinned(columns, kMaxEpochs)}});
  }
  return training;
}

json read_training_log(const fs::path& path, std::size_t most_epochs) {
  std::map<int, Columns> runs;
  read_training_file(path, 0, runs);
  return thinned(runs[0], most_epochs);
}

json read_fingerprints(const fs::path& path, const Conditions& conditions) {
  const json file = read_versioned_json(path);
  Fingerprints fingerprints;
  try {
    for (const json& row : file.at("rows")) {
      add_fingerprint(row, path.string(), conditions, fingerprints);
    }
  } catch (const json::exception&) {
    throw FormatError(fmt::format("{}: not a list of fingerprints", path.string()));
  }
  json layers = json::array();
  std::size_t values_left = kMaxValues;
  for (const auto& [layer, conditions_of_layer] : fingerprints) {
    json rows = json::array();
    for (const auto& [place, sum] : conditions_of_layer) {
      if (sum.sums.size() > values_left) {
        continue;
      }
      values_left -= sum.sums.size();
      json means = json::array();
      for (const double value : sum.sums) {
        means.push_back(rounded(value / sum.count));
      }
      rows.push_back(
          {{"type", place.first}, {"level", place.second}, {"values", std::move(means)}});
    }
    layers.push_back({{"layer", layer.first}, {"loss", layer.second}, {"rows", std::move(rows)}});
  }
  return layers;
}

}  // namespace gradspace
