#include "gradspace/gradcon_benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/version.h"
#include "report/results_summary.h"
#include "report/text_table.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr int kResultsFormat = 1;
constexpr double kFalseAlarms = 0.05;
constexpr const char* kMethods[] = {"gradcon", "reconstruction", "gradient"};

/// Positions in the source, by class.
using ClassPositions = std::map<int, std::vector<std::uint32_t>>;

ClassPositions positions_by_class(const Source& source, const std::filesystem::path& data) {
  ClassPositions positions;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (const int label = source.info(i).object_class; label >= 0) {
      positions[label].push_back(static_cast<std::uint32_t>(i));
    }
  }
  constexpr std::size_t kLeast = 100;  // 20 to calibrate the rate of false alarms on
  for (const auto& [label, images] : positions) {
    if (images.size() < kLeast) {
      throw InvalidArgument(fmt::format("{}: class {} has {} images; at least {} are wanted",
                                        data.string(), label, images.size(), kLeast));
    }
  }
  if (positions.size() < 2) {
    throw InvalidArgument(fmt::format("{}: holds images of {} classes; two or more are wanted",
                                      data.string(), positions.size()));
  }
  return positions;
}

struct Split {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> validation;
  std::vector<std::uint32_t> test;
};

std::vector<std::uint32_t> shuffled(const std::vector<std::uint32_t>& values, std::uint64_t seed) {
  std::vector<std::uint32_t> result;
  result.reserve(values.size());
  for (const std::uint32_t i : permutation(static_cast<std::uint32_t>(values.size()), seed)) {
    result.push_back(values[i]);
  }
  return result;
}

std::uint64_t class_seed(std::string_view purpose, std::uint64_t seed, int label) {
  return combine(combine(seed, hash_text(purpose)), static_cast<std::uint64_t>(label));
}

Split split_class(const std::vector<std::uint32_t>& images, std::uint64_t seed, int label) {
  const std::vector<std::uint32_t> order =
      shuffled(images, class_seed("gradcon.split", seed, label));
  const auto fold = static_cast<std::ptrdiff_t>(order.size() / 5);
  Split split;
  split.train.assign(order.begin(), order.begin() + 3 * fold);
  split.validation.assign(order.begin() + 3 * fold, order.begin() + 4 * fold);
  split.test.assign(order.begin() + 4 * fold, order.begin() + 5 * fold);
  return split;
}

/// As many of the other classes' test images as `count`, or all where there are fewer.
std::vector<std::uint32_t> draw_outliers(const ClassPositions& positions, std::uint64_t seed,
                                         int inlier_class, std::size_t count) {
  std::vector<std::uint32_t> others;
  for (const auto& [label, images] : positions) {
    if (label != inlier_class) {
      const std::vector<std::uint32_t> test = split_class(images, seed, label).test;
      others.insert(others.end(), test.begin(), test.end());
    }
  }
  others = shuffled(others, class_seed("gradcon.outliers", seed, inlier_class));
  others.resize(std::min(count, others.size()));
  return others;
}

std::vector<GradConScore> scores_of(GradConScorer& scorer, const ImageStore& images) {
  return scorer.score_prepared(images.images(0, images.size()));
}

double method_score(std::string_view method, const GradConScore& score) {
  return method == "gradcon" ? score.score : method == "gradient" ? -score.cosine : score.error;
}

std::vector<double> method_scores(std::string_view method, std::span<const GradConScore> scores) {
  std::vector<double> result;
  result.reserve(scores.size());
  for (const GradConScore& score : scores) {
    result.push_back(method_score(method, score));
  }
  return result;
}

std::string to_csv(std::span<const GradConBenchmarkRow> rows) {
  std::string text = "method,class,run,best_epoch";
  for (const MetricField& field : metric_fields()) {
    text += fmt::format(",{}", field.name);
  }
  text += ",n_in,n_out\n";
  for (const GradConBenchmarkRow& row : rows) {
    const ResultRow& result = row.result;
    text += fmt::format("{},{},{},{}", result.method, row.inlier_class, result.run, row.best_epoch);
    for (const MetricField& field : metric_fields()) {
      text += fmt::format(",{}", result.metrics.*field.value);
    }
    text += fmt::format(",{},{}\n", result.metrics.n_in, result.metrics.n_out);
  }
  return text;
}

/// The rows of a method; with a class, of that class.
std::vector<const ResultRow*> rows_of(std::span<const GradConBenchmarkRow> rows,
                                      std::string_view method,
                                      std::optional<int> inlier_class = std::nullopt) {
  std::vector<const ResultRow*> found;
  for (const GradConBenchmarkRow& row : rows) {
    if (row.result.method == method && (!inlier_class || row.inlier_class == *inlier_class)) {
      found.push_back(&row.result);
    }
  }
  return found;
}

/// Mean AUROC over classes and runs.
json summary(std::span<const GradConBenchmarkRow> rows) {
  json list = json::array();
  for (const char* method : kMethods) {
    const std::vector<const ResultRow*> found = rows_of(rows, method);
    list.push_back({{"method", method},
                    {"auroc", summarise(found, &DetectionMetrics::auroc).mean},
                    {"n", found.size()}});
  }
  return list;
}

json options_json(const GradConBenchmarkOptions& options) {
  return {{"command", "gradcon benchmark"},
          {"data", options.data.string()},
          {"classes", options.classes},
          {"runs", options.runs},
          {"latent", options.latent},
          {"gradient_weight", options.gradient_weight},
          {"epochs", options.training.epochs},
          {"batch", options.training.batch},
          {"learning_rate", options.training.learning_rate},
          {"alignment", options.training.alignment},
          {"kld_weight", options.training.kld_weight},
          {"mean_of_loss", options.training.mean_of_loss},
          {"seed", options.training.seed},
          {"false_alarms", kFalseAlarms}};
}

void write_outputs(const GradConBenchmarkOptions& options,
                   std::span<const GradConBenchmarkRow> rows) {
  write_file(options.out / "results.csv", to_csv(rows));
  json list = json::array();
  for (const GradConBenchmarkRow& row : rows) {
    const ResultRow& result = row.result;
    json item = {{"method", result.method},     {"class", row.inlier_class},
                 {"type", result.type},         {"level", result.level},
                 {"run", result.run},           {"best_epoch", row.best_epoch},
                 {"n_in", result.metrics.n_in}, {"n_out", result.metrics.n_out}};
    for (const MetricField& field : metric_fields()) {
      item[field.name] = result.metrics.*field.value;
    }
    list.push_back(std::move(item));
  }
  const json results = {{"format_version", kResultsFormat},
                        {"gradspace_version", kVersion},
                        {"options", options_json(options)},
                        {"summary", summary(rows)},
                        {"rows", std::move(list)}};
  write_file(options.out / "results.json", results.dump(1) + "\n");
}

class Benchmark {
 public:
  Benchmark(const GradConBenchmarkOptions& options, const GradConBenchmarkObserver& observer)
      : options_(options),
        observer_(observer),
        source_(open_source(options.data, options.source)),
        positions_(positions_by_class(*source_, options.data)),
        spec_(gradcon_autoencoder(source_->load(0).channels() == 1 ? 1 : 3, options.latent)) {
    if (options_.classes.empty()) {
      for (const auto& [label, images] : positions_) {
        options_.classes.push_back(label);
      }
    }
    for (const int label : options_.classes) {
      if (!positions_.contains(label)) {
        throw InvalidArgument(
            fmt::format("{}: has no images of class {}", options_.data.string(), label));
      }
    }
    std::filesystem::create_directories(options_.out);
  }

  GradConBenchmarkResult run() {
    for (int run = 0; run < options_.runs; ++run) {
      for (const int label : options_.classes) {
        if (observer_.on_class) {
          observer_.on_class(label, run);
        }
        if (!run_class(label, run)) {
          result_.stopped = true;
          return std::move(result_);
        }
        write_outputs(options_, result_.rows);
      }
    }
    return std::move(result_);
  }

 private:
  std::unique_ptr<ImageStore> load(std::vector<std::uint32_t> positions) const {
    return std::make_unique<ImageStore>(*select(source_, std::move(positions)), spec_.input);
  }

  /// False when it was stopped.
  bool run_class(int label, int run) {
    const std::filesystem::path folder = options_.out / fmt::format("class_{}_run_{}", label, run);
    std::filesystem::create_directories(folder);
    GradConOptions training = options_.training;
    training.seed += static_cast<std::uint64_t>(run);
    training.checkpoint = folder / "checkpoint.safetensors";
    training.resume = true;
    const Split split = split_class(positions_.at(label), training.seed, label);
    const auto train = load(split.train);
    const auto validation = load(split.validation);
    const GradConTrainResult trained =
        train_gradcon(spec_, *train, *validation, training, observer_.training);
    if (trained.stopped) {
      return false;
    }
    write_gradcon(folder / "detector.safetensors", trained.detector);
    write_file(folder / "training.csv", gradcon_training_csv(trained.epochs));
    judge(trained, label, run, *load(split.test),
          *load(draw_outliers(positions_, training.seed, label, split.test.size())));
    return true;
  }

  void judge(const GradConTrainResult& trained, int label, int run, const ImageStore& inliers,
             const ImageStore& outliers) {
    GradConScorer scorer(trained.detector, options_.gradient_weight);
    const std::vector<GradConScore> in = scores_of(scorer, inliers);
    const std::vector<GradConScore> out = scores_of(scorer, outliers);
    std::vector<GradConScore> clean;
    for (std::size_t i = 0; i < trained.detector.clean_errors.size(); ++i) {
      const double error = trained.detector.clean_errors[i];
      const double cosine = trained.detector.clean_cosines[i];
      clean.push_back({error - options_.gradient_weight * cosine, error, cosine});
    }
    for (const char* method : kMethods) {
      const double threshold = calibrate_threshold(method_scores(method, clean), kFalseAlarms);
      result_.rows.push_back(
          {label,
           trained.best_epoch,
           {method, 0, 0, run,
            detection_metrics(method_scores(method, in), method_scores(method, out), threshold)}});
    }
  }

  GradConBenchmarkOptions options_;
  const GradConBenchmarkObserver& observer_;
  std::shared_ptr<const Source> source_;
  ClassPositions positions_;
  AutoencoderSpec spec_;
  GradConBenchmarkResult result_;
};

/// "0.9123", or "0.9123 ±0.0041" of several runs.
std::string auroc_text(std::span<const ResultRow* const> rows) {
  if (rows.empty()) {
    return "";
  }
  const MeanAndSpread auroc = summarise(rows, &DetectionMetrics::auroc);
  return auroc.deviation ? fmt::format("{:.4f} ±{:.4f}", auroc.mean, *auroc.deviation)
                         : fmt::format("{:.4f}", auroc.mean);
}

}  // namespace

void GradConBenchmarkOptions::validate() const {
  training.validate();
  if (runs < 1) {
    throw InvalidArgument(fmt::format("gradcon: runs {}: must be 1 or more", runs));
  }
  if (out.empty()) {
    throw InvalidArgument("gradcon: a folder for the results must be given");
  }
}

GradConBenchmarkResult run_gradcon_benchmark(const GradConBenchmarkOptions& options,
                                             const GradConBenchmarkObserver& observer) {
  options.validate();
  return Benchmark(options, observer).run();
}

std::string gradcon_benchmark_table(std::span<const GradConBenchmarkRow> rows) {
  std::set<int> classes;
  for (const GradConBenchmarkRow& row : rows) {
    classes.insert(row.inlier_class);
  }
  std::vector<std::string> header{"class"};
  header.insert(header.end(), std::begin(kMethods), std::end(kMethods));
  TextTable table(header);
  const auto add = [&](const std::string& name, std::optional<int> inlier_class) {
    std::vector<std::string> cells{name};
    for (const char* method : kMethods) {
      cells.push_back(auroc_text(rows_of(rows, method, inlier_class)));
    }
    table.add_row(std::move(cells));
  };
  for (const int inlier_class : classes) {
    add(std::to_string(inlier_class), inlier_class);
  }
  table.add_rule();
  add("mean", std::nullopt);
  return table.text();
}

}  // namespace gradspace
