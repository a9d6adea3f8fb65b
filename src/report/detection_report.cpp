// The page's data for experiments that judge detectors.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "core/json.h"
#include "gradspace/challenge.h"
#include "gradspace/error.h"
#include "report/auroc_intervals.h"
#include "report/drift_curves.h"
#include "report/frames.h"
#include "report/page_data.h"
#include "report/summary_json.h"
#include "report/thumbnails.h"
#include "results/conditions.h"
#include "results/results_summary.h"
#include "results/run_files.h"
#include "results/score_curves.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kSampleBytes = 600'000;
constexpr std::size_t kFrameBytes = 700'000;

using Rows = std::vector<const ResultRow*>;

/// By method, type and level: what the heat map shows.
json cells(const Results& results, const Conditions& conditions) {
  std::map<std::tuple<int, int, int>, Rows> groups;
  for (const ResultRow& row : results.rows) {
    const int method = conditions.method_at(row.method);
    const int type = conditions.row_types().number_of(row);
    if (method >= 0 && conditions.type_at(type) >= 0) {
      groups[{method, type, conditions.levels_averaged() ? 0 : row.level}].push_back(&row);
    }
  }
  json list = json::array();
  for (const auto& [key, rows] : groups) {
    const auto& [method, type, level] = key;
    json item = {{"method", method},
                 {"type", type},
                 {"level", level},
                 {"n_in", rows.front()->metrics.n_in},
                 {"n_out", rows.front()->metrics.n_out}};
    add_summary(rows, item);
    list.push_back(std::move(item));
  }
  return list;
}

json challenge_types(const Conditions& conditions) {
  json list = json::array();
  for (const int type : conditions.types()) {
    std::string_view summary;
    for (const challenge::TypeInfo& info : challenge::all_types()) {
      if (static_cast<int>(info.type) == type) {
        summary = info.summary;
      }
    }
    const RowTypes& row_types = conditions.row_types();
    const bool has_label = !summary.empty() || type == 0 || row_types.is_named(type);
    list.push_back({{"type", type},
                    {"name", has_label ? row_types.label(type) : fmt::format("type {}", type)},
                    {"summary", summary}});
  }
  return list;
}

json paper() {
  json rows = json::object();
  for (const PaperRow& row : paper_rows()) {
    for (const auto& [type, accuracy] : row.accuracy_by_type) {
      rows[row.method][std::to_string(type)] = accuracy;
    }
  }
  return rows;
}

void note_what_is_left_out(const Results& results, const Conditions& conditions, Notes& notes) {
  if (conditions.levels_averaged()) {
    notes.push_back(
        fmt::format("{} results are too many to show one by one: levels are averaged here. "
                    "Every one is in results.csv.",
                    results.rows.size()));
  }
  if (conditions.types_left_out() > 0 || conditions.methods_left_out() > 0) {
    notes.push_back(
        fmt::format("The first {} challenge types and {} detectors are shown; {} types and {} "
                    "detectors more are "
                    "in results.csv.",
                    conditions.types().size(), conditions.methods().size(),
                    conditions.types_left_out(), conditions.methods_left_out()));
  }
  const json options = json::parse(results.options_json);
  const json runs = options.value("runs", json(nullptr));
  if (runs.is_number_integer() && !results.rows.empty() &&
      runs.get<std::int64_t>() > static_cast<std::int64_t>(conditions.runs().size())) {
    notes.push_back(
        fmt::format("This run has not finished: {} of {} repetitions are done. The same command "
                    "continues it.",
                    conditions.runs().size(), runs.get<std::int64_t>()));
  }
}

bool is_there(const fs::path& path, std::string_view what, Notes& notes) {
  if (fs::exists(path)) {
    return true;
  }
  notes.push_back(fmt::format("{} is not there: no {}.", path.filename().string(), what));
  return false;
}

json sample_json(const Sample& sample, const ImageScores& scores, std::size_t methods) {
  const auto image_json = [&](const SampleImage& image) {
    json item = {{"path", image.path}};
    const auto found = scores.samples.find(image);
    if (found == scores.samples.end() || found->second.by_method.empty()) {
      return item;
    }
    json by_method = json::array();
    for (std::size_t i = 0; i < methods; ++i) {
      const auto score = found->second.by_method.find(static_cast<int>(i));
      by_method.push_back(score == found->second.by_method.end() ? json(nullptr)
                                                                 : json(rounded(score->second)));
    }
    item["scores"] = std::move(by_method);
    item["bce"] = rounded(found->second.bce);
    item["kld"] = rounded(found->second.kld);
    return item;
  };
  return {{"type", sample.challenged.type},
          {"level", sample.challenged.level},
          {"image", sample.image},
          {"clean", image_json(sample.clean)},
          {"challenged", image_json(sample.challenged)}};
}

/// Balanced accuracy of one detector's rows; empty where levels are averaged, as no threshold can be
/// told from averages.
std::map<std::pair<int, int>, double> accuracy_of(const Results& results,
                                                  const Conditions& conditions, int method,
                                                  int run) {
  std::map<std::pair<int, int>, double> accuracy;
  for (const ResultRow& row : results.rows) {
    if (!conditions.levels_averaged() && row.run == run &&
        row.method == conditions.methods()[static_cast<std::size_t>(method)]) {
      accuracy[{conditions.row_types().number_of(row), row.level}] = row.metrics.accuracy;
    }
  }
  return accuracy;
}

/// `evaluate` judges scores: it draws no pictures and looks into no gradients.
bool is_evaluation(const Results& results) {
  const json options = json::parse(results.options_json);
  return options.is_object() && options.value("command", json()) == "evaluate";
}

/// The threshold that `evaluate` judged at.
std::optional<double> evaluated_threshold(const Results& results) {
  if (!is_evaluation(results)) {
    return std::nullopt;
  }
  const json threshold = json::parse(results.options_json).value("threshold", json());
  return threshold.is_number() ? std::optional(threshold.get<double>()) : std::nullopt;
}

/// Curves, calibration and samples: what needs image_scores.csv and samples/.
void add_images(const fs::path& folder, const Results& results, const Conditions& conditions,
                Notes& notes, json& data) {
  std::vector<Sample> samples;
  std::vector<SampleImage> wanted;
  const fs::path list = folder / "samples/samples.json";
  const bool may_lack = is_evaluation(results) && !fs::exists(list);
  if (!may_lack && is_there(list, "sample pictures", notes)) {
    samples = read_samples(folder / "samples", kSampleBytes);
    for (const Sample& sample : samples) {
      wanted.push_back(sample.clean);
      wanted.push_back(sample.challenged);
    }
  }
  ImageScores scores;
  if (is_there(folder / "image_scores.csv", "curves and histograms", notes)) {
    scores = read_image_scores(folder / "image_scores.csv", conditions, wanted);
    const std::optional<double> known = evaluated_threshold(results);
    data["curves"] = score_curves(scores.test, conditions, [&](int method, int run) {
      return known ? known
                   : threshold_of(scores.test, method, run,
                                  accuracy_of(results, conditions, method, run));
    });
    data["calibration"] = calibration_curves(scores);
    data["drift"] = drift_curves(scores, conditions);
    add_auroc_intervals(results, conditions, scores.test, data);
  }
  data["samples"] = json::array();
  for (const Sample& sample : samples) {
    data["samples"].push_back(sample_json(sample, scores, conditions.methods().size()));
  }
}

}  // namespace

json detection_data(const fs::path& folder, const Results& results, Notes& notes) {
  const Conditions conditions(results);
  json data = {{"metrics", metric_names()},
               {"methods", conditions.methods()},
               {"types", challenge_types(conditions)},
               {"levels", conditions.levels()},
               {"levels_averaged", conditions.levels_averaged()},
               {"runs", conditions.runs()},
               {"cells", cells(results, conditions)},
               {"table", summary_table(results, conditions)},
               {"paper", paper()},
               {"training", read_training(folder)}};
  note_what_is_left_out(results, conditions, notes);
  if (!results.rows.empty()) {
    add_images(folder, results, conditions, notes, data);
    if (const fs::path list = folder / "frames/frames.json"; fs::exists(list)) {
      data["frames"] = read_frames(list, conditions, kFrameBytes);
    }
    // One-class detectors look at more than gradients: their experiment leaves none.
    const bool may_lack = (results.kind == ResultsKind::kOneClass || is_evaluation(results)) &&
                          !fs::exists(folder / "fingerprints.json");
    if (!may_lack && is_there(folder / "fingerprints.json", "gradient fingerprints", notes)) {
      data["fingerprints"] = read_fingerprints(folder / "fingerprints.json", conditions);
    }
  }
  return data;
}

}  // namespace gradspace
