#include "gradspace/evaluate.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/fit.h"
#include "gradspace/output_lock.h"
#include "gradspace/utf8_text.h"
#include "gradspace/worst_frames.h"
#include "jobs/source_names.h"

namespace gradspace {
namespace {

using Judged = std::vector<JudgedImage>;

/// One evaluation.
class EvaluationJob {
 public:
  EvaluationJob(const Detector& detector, const Model* model, const EvaluateOptions& options,
                const JobObserver& observer)
      : detector_(detector), model_(model), options_(options), observer_(observer) {}

  Evaluation run() {
    if (evaluates_images(detector_, model_)) {
      score_images();
    } else {
      score_features();
    }
    if (!evaluation_.stopped) {
      write();
    }
    return std::move(evaluation_);
  }

 private:
  void score_features() {
    const std::vector<std::string> names = names_of_sources(options_.outliers, true);
    const auto judged_set = [&](const std::string& path) {
      const FeatureSet set(path);
      return judged_images(detector_, {path, set});
    };
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (JudgedImage& image : judged_set(options_.outliers[i])) {
        image.name = names[i];
        outliers_.push_back(std::move(image));
      }
    }
    inliers_ = judged_set(options_.inliers);
  }

  void score_images() {
    const std::vector<std::string> names = names_of_sources(options_.outliers, false);
    FileScorer scorer = model_ != nullptr ? FileScorer(*model_, detector_, options_.scoring)
                                          : FileScorer(detector_, options_.scoring);
    score_source(scorer, options_.inliers, "", inliers_);
    for (std::size_t i = 0; i < names.size() && !evaluation_.stopped; ++i) {
      score_source(scorer, options_.outliers[i], names[i], outliers_);
    }
  }

  void score_source(FileScorer& scorer, const std::string& source, const std::string& name,
                    Judged& judged) {
    const auto on_image = [&](const ScoredImage& image) {
      const ImageScore& score = image.score;
      if (image.ok()) {
        judged.push_back({image.image, score.score, score.bce, score.kld, source, name});
      } else {
        fail(image.failure);
      }
    };
    try {
      const bool finished = source == "-" ? scorer.score(*options_.listed, on_image, observer_)
                                          : scorer.score(source, on_image, observer_);
      evaluation_.stopped = !finished;
    } catch (const Error& error) {
      fail(error.what());
    }
  }

  void fail(std::string_view line) {
    ++evaluation_.failures;
    if (observer_.on_failure) {
      observer_.on_failure(line);
    }
  }

  std::string record() const {
    nlohmann::json outliers = nlohmann::json::array();
    for (const std::string& path : options_.outliers) {
      outliers.push_back(to_utf8(path));
    }
    return nlohmann::json{{"command", "evaluate"},
                          {"detector", to_utf8(options_.detector)},
                          {"threshold", detector_.threshold},
                          {"inliers", to_utf8(options_.inliers)},
                          {"outliers", std::move(outliers)}}
        .dump();
  }

  void write() {
    const std::string method = options_.method.empty() ? detector_.method : options_.method;
    Results& results = evaluation_.results;
    results.rows =
        judge(options_.inliers, inliers_, outliers_, detector_.threshold, method, /*run=*/0);
    results.options_json = record();
    write_image_scores(options_.out, inliers_, outliers_, method, /*run=*/0);
    write_worst_frames(options_.out, model_, detector_, inliers_, outliers_,
                       options_.scoring.source);
    write_results(options_.out, results);
  }

  const Detector& detector_;
  const Model* model_;
  const EvaluateOptions& options_;
  const JobObserver& observer_;
  Judged inliers_;
  Judged outliers_;
  Evaluation evaluation_;
};

}  // namespace

void EvaluateOptions::validate() const {
  if (outliers.empty()) {
    throw InvalidArgument("evaluate: there are no outliers");
  }
  names_of_sources(outliers, /*files_apart=*/true);
  const bool reads_list = inliers == "-" || std::ranges::find(outliers, "-") != outliers.end();
  if (reads_list && listed == nullptr) {
    throw InvalidArgument("evaluate: \"-\" stands for a list of paths, but there is none");
  }
}

bool evaluates_images(const Detector& detector, const Model* model) {
  return model != nullptr || detector.model_sha256.empty();
}

Evaluation evaluate(const Detector& detector, const Model* model, const EvaluateOptions& options,
                    const JobObserver& observer) {
  options.validate();
  const OutputLock lock = OutputLock::of_folder(options.out);
  const bool asks_model = !detector.model_sha256.empty();
  return EvaluationJob(detector, asks_model ? model : nullptr, options, observer).run();
}

}  // namespace gradspace
