#include "gradspace/gradcon_benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/version.h"
#include "report/metric_fields.h"
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
  for (const MetricField& field : kMetrics) {
    text += fmt::format(",{}", field.name);
  }
  text += ",n_in,n_out\n";
  for (const GradConBenchmarkRow& row : rows) {
    text += fmt::format("{},{},{},{}", row.method, row.inlier_class, row.run, row.best_epoch);
    for (const MetricField& field : kMetrics) {
      text += fmt::format(",{}", row.metrics.*field.value);
    }
    text += fmt::format(",{},{}\n", row.metrics.n_in, row.metrics.n_out);
  }
  return text;
}

/// Mean AUROC over the rows of a method.
json summary(std::span<const GradConBenchmarkRow> rows) {
  json list = json::array();
  for (const char* method : kMethods) {
    double sum = 0;
    std::size_t count = 0;
    for (const GradConBenchmarkRow& row : rows) {
      if (row.method == method) {
        sum += row.metrics.auroc;
        ++count;
      }
    }
    if (count > 0) {
      list.push_back(
          {{"method", method}, {"auroc", sum / static_cast<double>(count)}, {"n", count}});
    }
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

void write_results(const GradConBenchmarkOptions& options,
                   std::span<const GradConBenchmarkRow> rows) {
  write_file(options.out / "results.csv", to_csv(rows));
  json list = json::array();
  for (const GradConBenchmarkRow& row : rows) {
    // Type and level are what the other experiments' rows have: outliers of no challenge.
    json item = {{"method", row.method},
                 {"class", row.inlier_class},
                 {"type", 0},
                 {"level", 0},
                 {"run", row.run},
                 {"best_epoch", row.best_epoch},
                 {"n_in", row.metrics.n_in},
                 {"n_out", row.metrics.n_out}};
    for (const MetricField& field : kMetrics) {
      item[field.name] = row.metrics.*field.value;
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
        gradspace::write_results(options_, result_.rows);
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
          {method, label, run, trained.best_epoch,
           detection_metrics(method_scores(method, in), method_scores(method, out), threshold)});
    }
  }

  GradConBenchmarkOptions options_;
  const GradConBenchmarkObserver& observer_;
  std::shared_ptr<const Source> source_;
  ClassPositions positions_;
  AutoencoderSpec spec_;
  GradConBenchmarkResult result_;
};

/// "0.912", or "0.912 +-0.004" of several.
std::string mean_text(std::span<const double> values) {
  if (values.empty()) {
    return "";
  }
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  const double mean = sum / count;
  if (values.size() == 1) {
    return fmt::format("{:.4f}", mean);
  }
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return fmt::format("{:.4f} ±{:.4f}", mean, std::sqrt(squares / (count - 1)));
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
  std::map<std::pair<std::string, int>, std::vector<double>> by_class;
  std::map<std::string, std::map<int, std::vector<double>>> by_run;
  for (const GradConBenchmarkRow& row : rows) {
    classes.insert(row.inlier_class);
    by_class[{row.method, row.inlier_class}].push_back(row.metrics.auroc);
    by_run[row.method][row.run].push_back(row.metrics.auroc);
  }
  std::vector<std::string> header{"class"};
  header.insert(header.end(), std::begin(kMethods), std::end(kMethods));
  TextTable table(header);
  for (const int label : classes) {
    std::vector<std::string> cells{std::to_string(label)};
    for (const char* method : kMethods) {
      cells.push_back(mean_text(by_class[{method, label}]));
    }
    table.add_row(std::move(cells));
  }
  table.add_rule();
  std::vector<std::string> cells{"mean"};
  for (const char* method : kMethods) {
    std::vector<double> means;
    for (const auto& [run, values] : by_run[method]) {
      double sum = 0;
      for (const double value : values) {
        sum += value;
      }
      means.push_back(sum / static_cast<double>(values.size()));
    }
    cells.push_back(mean_text(means));
  }
  table.add_row(std::move(cells));
  return table.text();
}

}  // namespace gradspace
