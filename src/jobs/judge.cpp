// Judging a detector by what it said of images.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/csv.h"
#include "core/file.h"
#include "detect/decision.h"
#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/fit_features.h"
#include "gradspace/metrics.h"
#include "results/results_summary.h"

namespace gradspace {
namespace {

/// Outliers that make a row, and their scores.
struct Condition {
  int type = 0;
  int level = 0;
  std::string name;
  std::vector<double> scores;
};

/// By type and level, and without a challenge by name.
std::vector<Condition> conditions_of(std::span<const JudgedImage> outliers) {
  std::vector<Condition> conditions;
  for (const JudgedImage& outlier : outliers) {
    const ImageInfo& image = outlier.image;
    const std::string name = image.challenge == 0 ? outlier.name : "";
    const auto is_its = [&](const Condition& condition) {
      return condition.type == image.challenge && condition.level == image.level &&
             condition.name == name;
    };
    auto found = std::ranges::find_if(conditions, is_its);
    if (found == conditions.end()) {
      found = conditions.insert(found, {image.challenge, image.level, name, {}});
    }
    found->scores.push_back(outlier.score);
  }
  std::ranges::stable_sort(conditions, {}, [](const Condition& condition) {
    return std::pair(condition.type, condition.level);
  });
  return conditions;
}

}  // namespace

std::vector<ResultRow> judge(const std::string& name, std::span<const JudgedImage> inliers,
                             std::span<const JudgedImage> outliers, double threshold,
                             const std::string& method, int run) {
  std::vector<double> in_scores;
  for (const JudgedImage& inlier : inliers) {
    if (inlier.image.challenge != 0) {
      throw InvalidArgument(fmt::format("{}: holds a challenged image ({}), inliers must be clean",
                                        name, inlier.image.path));
    }
    in_scores.push_back(inlier.score);
  }
  const std::vector<Condition> conditions = conditions_of(outliers);
  if (in_scores.empty() || conditions.empty()) {
    throw InvalidArgument(fmt::format("{}: there are {} inliers and {} outliers to judge by", name,
                                      inliers.size(), outliers.size()));
  }
  std::vector<ResultRow> rows;
  for (const Condition& condition : conditions) {
    ResultRow& row = rows.emplace_back();
    row.method = method;
    row.type = condition.type;
    row.level = condition.level;
    row.run = run;
    row.name = condition.name;
    row.metrics = detection_metrics(in_scores, condition.scores, threshold);
    row.auroc_interval =
        auroc_interval(in_scores, condition.scores, {}, bootstrap_stream(row.name));
  }
  return rows;
}

void write_image_scores(const std::filesystem::path& folder, std::span<const JudgedImage> inliers,
                        std::span<const JudgedImage> outliers, const std::string& method, int run) {
  const bool named = std::ranges::any_of(outliers, [](const JudgedImage& outlier) {
    return outlier.image.challenge == 0 && !outlier.name.empty();
  });
  CsvWriter csv;
  csv.add("path", "set", "type", "level", "method", "run", "score", "bce", "kld", "source");
  if (named) {
    csv.add("name");
  }
  csv.end_row();
  const auto add = [&](std::span<const JudgedImage> images, const char* set) {
    for (const JudgedImage& judged : images) {
      const ImageInfo& image = judged.image;
      csv.add(image.path, set, image.challenge, image.level, method, run, judged.score, judged.bce,
              judged.kld, judged.source);
      if (named) {
        csv.add(image.challenge == 0 ? judged.name : "");
      }
      csv.end_row();
    }
  };
  add(inliers, "inliers");
  add(outliers, "outliers");
  make_folder(folder);
  write_file(folder / "image_scores.csv", csv.text());
}

std::vector<JudgedImage> judged_images(const Detector& detector, const NamedSet& set) {
  const std::vector<double> scores = detector_scores(detector, set.set, set.name);
  std::vector<JudgedImage> images;
  images.reserve(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const FeatureRow& row = set.set->index()[i];
    images.push_back({row.image, scores[i], row.bce, row.kld, set.name});
  }
  return images;
}

std::vector<double> detector_scores(const Detector& detector, const FeatureSet& set,
                                    const std::string& name) {
  if (detector.method != "classifier" && !is_feature_method(detector.method)) {
    throw InvalidArgument(
        fmt::format("{}: a feature set holds no images, which a {} detector looks at; "
                    "give folders of images, and --model",
                    name, detector.method));
  }
  return score_rows(detector, detector_views(detector, set, name));
}

std::vector<ResultRow> evaluate_detector(const Detector& detector, const NamedSet& inliers,
                                         std::span<const NamedSet> outliers,
                                         const std::string& method, int run) {
  std::vector<JudgedImage> out;
  for (const NamedSet& outlier : outliers) {
    for (JudgedImage& image : judged_images(detector, outlier)) {
      image.name = outlier.name;
      out.push_back(std::move(image));
    }
  }
  return judge(inliers.name, judged_images(detector, inliers), out, detector.threshold, method,
               run);
}

}  // namespace gradspace
