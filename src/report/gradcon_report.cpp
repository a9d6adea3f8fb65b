// The page's data for GradCon's experiment: classes in the place of challenges.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "gradspace/error.h"
#include "gradspace/metrics.h"
#include "report/auroc_intervals.h"
#include "report/page_data.h"
#include "report/summary_json.h"
#include "report/thumbnails.h"
#include "results/gradcon_scores.h"
#include "results/results_summary.h"
#include "results/run_files.h"
#include "results/score_curves.h"
#include "results/small_number.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMaxFolders = 100;  ///< classes by runs whose files are read
constexpr std::size_t kGradConSampleBytes = 700'000;
constexpr std::size_t kTrainingValues = 50'000;
constexpr std::size_t kTrainingColumns = 7;
constexpr std::size_t kStops = 36'000;  ///< of all curves of one method

/// A class and a run that has results.
struct GradConPart {
  int inlier_class = 0;
  int run = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): the comparison with 0 is the compiler's own
  friend auto operator<=>(const GradConPart&, const GradConPart&) = default;
};

/// First runs first, so that a page that is full has every class.
std::vector<GradConPart> parts_of(const Results& results, const Conditions& conditions) {
  std::set<std::pair<int, int>> by_run;
  for (const ResultRow& row : results.rows) {
    if (conditions.type_at(row.type) >= 0) {
      by_run.emplace(row.run, row.type);
    }
  }
  std::vector<GradConPart> parts;
  for (const auto& [run, inlier_class] : by_run) {
    if (parts.size() < kMaxFolders) {
      parts.push_back({inlier_class, run});
    }
  }
  return parts;
}

/// Scores by method, as curves want them.
ImageScores scores_by_method(const GradConImages& images, const Conditions& conditions, int run) {
  ImageScores scores;
  for (std::size_t i = 0; i < conditions.methods().size(); ++i) {
    const std::string& method = conditions.methods()[i];
    const int place = static_cast<int>(i);
    const ScoreKey clean{place, run, kCleanType, 0};
    scores.test[clean] = gradcon_method_scores(method, scores_of(images.inliers));
    scores.test[{place, run, 0, 0}] = gradcon_method_scores(method, scores_of(images.outliers));
    scores.validation[clean] = gradcon_method_scores(method, images.validation);
  }
  return scores;
}

/// The experiment's rate of false alarms; nothing where its options don't have it.
std::optional<double> false_alarms_of(const Results& results) {
  const json options = json::parse(results.options_json);
  const json rate = options.value("false_alarms", json(nullptr));
  return rate.is_number() ? std::optional(rate.get<double>()) : std::nullopt;
}

std::optional<double> threshold_at(const ImageScores& scores, const ScoreKey& key,
                                   std::optional<double> false_alarms) {
  if (!false_alarms) {
    return std::nullopt;
  }
  try {
    return calibrate_threshold(scores.validation.at(key), *false_alarms);
  } catch (const InvalidArgument&) {  // too few images for the rate
    return std::nullopt;
  }
}

/// Fills the page's lists with what each class and run left.
class PartReader {
 public:
  PartReader(const fs::path& folder, const Results& results, const Conditions& conditions,
             std::size_t parts)
      : folder_(folder),
        conditions_(conditions),
        false_alarms_(false_alarms_of(results)),
        most_epochs_(std::clamp<std::size_t>(kTrainingValues / kTrainingColumns / parts, 20, 300)),
        most_stops_(std::clamp<std::size_t>(kStops / parts, 64, kMaxStops)) {}

  void read(const GradConPart& part) {
    const fs::path folder = folder_ / gradcon_folder_name(part.inlier_class, part.run);
    if (const fs::path file = folder / "training.csv"; is_there(file)) {
      add(part, {{"columns", training_columns(file)}}, "training");
    }
    if (const fs::path file = folder / "image_scores.csv"; is_there(file)) {
      add_scores(part, read_gradcon_scores(file, part.inlier_class));
    }
    // Of the first run alone pictures are kept.
    if (const fs::path file = folder / "samples" / "samples.json"; fs::exists(file)) {
      add_samples(part, file);
    }
  }

  json take() { return std::move(data_); }
  /// The scores of the parts that have them.
  const std::vector<ClassTest>& tests() const { return tests_; }
  /// How many folders lack a file, by its name.
  const std::map<std::string, int>& missing() const { return missing_; }

 private:
  bool is_there(const fs::path& file) {
    const bool there = fs::exists(file);
    missing_[file.filename().string()] += there ? 0 : 1;
    return there;
  }

  void add(const GradConPart& part, json item, const char* list) {
    item["type"] = part.inlier_class;
    item["run"] = part.run;
    data_[list].push_back(std::move(item));
  }

  /// Without what is no loss, and a divergence that is 0 throughout.
  json training_columns(const fs::path& file) const {
    json columns = read_training_log(file, most_epochs_);
    for (const char* name : {"best", "seconds"}) {
      columns.erase(name);
    }
    for (const char* name : {"train_kld", "validation_kld"}) {
      if (columns.contains(name) && std::all_of(columns[name].begin(), columns[name].end(),
                                                [](const json& value) { return value == 0; })) {
        columns.erase(name);
      }
    }
    return columns;
  }

  void add_scores(const GradConPart& part, const GradConImages& images) {
    if (images.inliers.empty() || images.outliers.empty()) {
      return;
    }
    const ImageScores scores = scores_by_method(images, conditions_, part.run);
    tests_.push_back({part.inlier_class, part.run, scores.test});
    const auto threshold = [&](int method, int run) {
      return threshold_at(scores, {method, run, kCleanType, 0}, false_alarms_);
    };
    for (json& curve : score_curves(scores.test, conditions_, threshold, most_stops_)) {
      add(part, std::move(curve), "curves");
    }
    if (!images.validation.empty()) {
      for (json& curve : calibration_curves(scores)) {
        add(part, std::move(curve), "calibration");
      }
    }
  }

  void add_samples(const GradConPart& part, const fs::path& list) {
    const json file = read_versioned_json(list);
    try {
      for (const json& row : file.at("rows")) {
        const int label = small_number(row.at("label"), list.string());
        json item = {{"label", label},
                     {"path", row.at("path").get<std::string>()},
                     {"score", rounded(row.at("score").get<double>())},
                     {"error", rounded(row.at("error").get<double>())},
                     {"cosine", rounded(row.at("cosine").get<double>())}};
        std::string picture = listed_picture(list, row.at("file").get<std::string>());
        sample_bytes_ += picture.size();
        if (sample_bytes_ > kGradConSampleBytes) {
          return;
        }
        item["image"] = std::move(picture);
        add(part, std::move(item), "samples");
      }
    } catch (const json::exception&) {
      throw FormatError(fmt::format("{}: not a list of samples", list.string()));
    }
  }

  const fs::path& folder_;
  const Conditions& conditions_;
  std::optional<double> false_alarms_;
  std::size_t most_epochs_;
  std::size_t most_stops_;
  std::size_t sample_bytes_ = 0;
  std::map<std::string, int> missing_;
  std::vector<ClassTest> tests_;
  json data_ = {{"training", json::array()},
                {"curves", json::array()},
                {"calibration", json::array()},
                {"samples", json::array()}};
};

/// How many classes by runs have results.
std::size_t count_judged(const Results& results) {
  std::set<GradConPart> parts;
  for (const ResultRow& row : results.rows) {
    parts.insert({row.type, row.run});
  }
  return parts.size();
}

void note_unfinished(const json& options, std::size_t judged, Notes& notes) {
  const json classes = options.value("classes", json(nullptr));
  const json runs = options.value("runs", json(nullptr));
  if (!classes.is_array() || !runs.is_number_integer() || runs <= 0 || runs > kMaxNumber) {
    return;
  }
  const std::size_t wanted = classes.size() * runs.get<std::size_t>();
  if (judged < wanted) {
    notes.push_back(
        fmt::format("This experiment has not finished: of {} detectors ({} classes, {} {}) {} {} "
                    "judged. The same command continues it.",
                    wanted, classes.size(), runs.get<int>(), runs == 1 ? "run" : "runs", judged,
                    judged == 1 ? "is" : "are"));
  }
}

void note_what_is_left_out(const Conditions& conditions, std::size_t shown, std::size_t judged,
                           Notes& notes) {
  const std::size_t classes = conditions.types().size();
  if (conditions.types_left_out() > 0) {
    notes.push_back(fmt::format("The first {} of {} classes are shown; all are in results.csv.",
                                classes, classes + conditions.types_left_out()));
  } else if (shown < judged) {
    notes.push_back(fmt::format("Scores and training are shown of the first {} of {} detectors.",
                                shown, judged));
  }
}

void note_missing_files(const std::map<std::string, int>& missing, std::size_t parts,
                        Notes& notes) {
  for (const auto& [file, count] : missing) {
    if (count > 0) {
      notes.push_back(fmt::format("{} is not there for {} of {} detectors: no {} of these.", file,
                                  count, parts,
                                  file == "training.csv" ? "training curves" : "histograms"));
    }
  }
}

}  // namespace

json gradcon_data(const fs::path& folder, const Results& results, Notes& notes) {
  const Conditions conditions(results);
  const std::vector<GradConPart> parts = parts_of(results, conditions);
  const std::size_t judged = count_judged(results);
  note_unfinished(json::parse(results.options_json), judged, notes);
  note_what_is_left_out(conditions, parts.size(), judged, notes);
  PartReader reader(folder, results, conditions, std::max<std::size_t>(1, parts.size()));
  for (const GradConPart& part : parts) {
    reader.read(part);
  }
  note_missing_files(reader.missing(), parts.size(), notes);
  json data = reader.take();
  data["metrics"] = metric_names();
  data["methods"] = conditions.methods();
  data["types"] = json::array();
  for (const int label : conditions.types()) {
    data["types"].push_back({{"type", label}, {"name", type_name(results.kind, label)}});
  }
  data["runs"] = conditions.runs();
  data["detectors"] = judged;
  if (!results.rows.empty()) {
    data["n_in"] = results.rows.front().metrics.n_in;
    data["n_out"] = results.rows.front().metrics.n_out;
  }
  data["table"] = summary_table(results, conditions);
  add_class_auroc_intervals(results, conditions, reader.tests(), data);
  return data;
}

}  // namespace gradspace
