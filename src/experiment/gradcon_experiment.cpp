#include "gradspace/research/gradcon_experiment.h"

#include <fmt/format.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/arena.h"
#include "core/file.h"
#include "core/json.h"
#include "core/random.h"
#include "experiment/gradcon_outputs.h"
#include "experiment/run_record.h"
#include "gradspace/error.h"
#include "gradspace/output_lock.h"
#include "gradspace/report.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr double kFalseAlarms = 0.05;

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

json options_json(const GradConExperimentOptions& options) {
  return {{"command", "experiment gradcon"},
          {"data", options.data.string()},
          {"classes", options.classes},
          {"runs", options.runs},
          {"latent", options.latent},
          {"gradient_weight", options.gradient_weight},
          {"epochs", options.training.epochs},
          {"batch", options.training.batch},
          {"learning_rate", options.training.learning_rate},
          {"alignment", options.gradcon.alignment},
          {"kld_weight", options.gradcon.kld_weight},
          {"mean_of_loss", options.gradcon.mean_of_loss},
          {"seed", options.training.seed},
          {"false_alarms", kFalseAlarms}};
}

int threads_allowed() {
  return tbb::this_task_arena::max_concurrency();
}

class GradConExperiment {
 public:
  GradConExperiment(const GradConExperimentOptions& options, const ExperimentObserver& observer)
      : options_(options),
        observer_(observer),
        source_(open_source(options.data, options.source)),
        positions_(positions_by_class(*source_, options.data)),
        spec_(gradcon_autoencoder(source_->load(0).channels() == 1 ? 1 : 3, options.latent)),
        record_(options.command_line, threads_allowed()) {
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
    result_.results.kind = ResultsKind::kGradCon;
    result_.results.options_json = dump_json(options_json(options_));
  }

  ExperimentResult run() {
    const OutputLock lock = OutputLock::of_folder(options_.out);
    for (int run = 0; run < options_.runs && !result_.stopped; ++run) {
      for (const int label : options_.classes) {
        if (!run_class(label, run)) {
          result_.stopped = true;
          break;
        }
        result_.results.record_json = record_.json_text();
        write_results(options_.out, result_.results);
      }
    }
    if (can_write_report() && !result_.results.rows.empty()) {
      write_report(options_.out);
    }
    return std::move(result_);
  }

 private:
  std::unique_ptr<ImageStore> load(std::vector<std::uint32_t> positions) const {
    auto images = std::make_unique<ImageStore>(*select(source_, std::move(positions)), spec_.input);
    report_failures(images->failures());
    return images;
  }

  void report_failures(const std::vector<std::string>& reasons) const {
    for (const std::string& reason : reasons) {
      if (observer_.on_failure) {
        observer_.on_failure(reason);
      }
    }
  }

  void begin_stage(const std::string& stage) {
    record_.begin_stage(stage, false);
    if (observer_.on_stage) {
      observer_.on_stage(stage, false);
    }
  }

  TrainObserver training_observer() const {
    TrainObserver training;
    training.stop_requested = observer_.stop_requested;
    if (observer_.on_progress) {
      training.on_step = [this](const TrainProgress& progress) {
        observer_.on_progress(progress.images_done, progress.images_total, "images",
                              fmt::format("epoch {}/{}  loss {:.5f}", progress.epoch,
                                          progress.epochs, progress.loss));
      };
    }
    return training;
  }

  std::shared_ptr<const Source> images(std::vector<std::uint32_t> positions) const {
    return select(source_, std::move(positions));
  }

  /// Goes on from the checkpoint, or where that is of other images or options, begins anew.
  TrainResult train_class(int label, int run, const ImageStore& train, const ImageStore& validation,
                          TrainOptions training) const {
    const auto train_once = [&] {
      return train_gradcon(spec_, train, validation, training, options_.gradcon,
                           training_observer());
    };
    try {
      return train_once();
    } catch (const InvalidArgument& other_run) {
      if (!std::filesystem::exists(training.checkpoint)) {
        throw;
      }
      if (observer_.on_made_anew) {
        observer_.on_made_anew(fmt::format("run {}: train class {}", run, label), other_run.what());
      }
    }
    training.resume = false;
    return train_once();
  }

  /// False when it was stopped.
  bool run_class(int label, int run) {
    // Training asks after every step, and has none to take where the class is trained already.
    if (observer_.stop_requested && observer_.stop_requested()) {
      return false;
    }
    begin_stage(fmt::format("run {}: train class {}", run, label));
    const std::filesystem::path folder = options_.out / gradcon_folder_name(label, run);
    make_folder(folder);
    TrainOptions training = options_.training;
    training.seed += static_cast<std::uint64_t>(run);
    training.checkpoint = folder / "checkpoint.safetensors";
    training.resume = true;
    const Split split = split_class(positions_.at(label), training.seed, label);
    const auto train = load(split.train);
    const auto validation = load(split.validation);
    const TrainResult trained = train_class(label, run, *train, *validation, training);
    if (trained.stopped) {
      return false;
    }
    const Detector detector =
        gradcon_detector(trained.model, validation->images(0, validation->size()));
    write_gradcon(folder / "detector.safetensors", trained.model, detector);
    write_file(folder / "training.csv", training_csv(trained.epochs));
    begin_stage(fmt::format("run {}: judge class {}", run, label));
    judge(trained, detector, label, run, *images(split.test),
          *images(draw_outliers(positions_, training.seed, label, split.test.size())));
    return true;
  }

  void judge(const TrainResult& trained, const Detector& detector, int label, int run,
             const Source& inliers, const Source& outliers) {
    JudgedImages in = judge_images(trained.model, options_.gradient_weight, inliers);
    JudgedImages out = judge_images(trained.model, options_.gradient_weight, outliers);
    report_failures(in.failures);
    report_failures(out.failures);
    const std::filesystem::path folder = options_.out / gradcon_folder_name(label, run);
    if (run == 0) {
      write_mistakes(folder / "samples", trained.model, in, out);
    }
    const GradConImages images{clean_scores(detector, options_.gradient_weight),
                               std::move(in.images), std::move(out.images)};
    write_file(folder / "image_scores.csv", gradcon_scores_csv(label, run, images));
    for (const char* method : kGradConMethods) {
      const auto scores = [&](const std::vector<GradConScore>& list) {
        return gradcon_method_scores(method, list);
      };
      result_.results.rows.push_back(
          {method, label, 0, run,
           detection_metrics(scores(scores_of(images.inliers)), scores(scores_of(images.outliers)),
                             calibrate_threshold(scores(images.validation), kFalseAlarms)),
           trained.best_epoch});
    }
  }

  GradConExperimentOptions options_;
  const ExperimentObserver& observer_;
  std::shared_ptr<const Source> source_;
  ClassPositions positions_;
  AutoencoderSpec spec_;
  RunRecord record_;
  ExperimentResult result_;
};

}  // namespace

void GradConExperimentOptions::validate() const {
  training.validate();
  gradcon.validate();
  if (runs < 1) {
    throw InvalidArgument(fmt::format("gradcon: runs {}: must be 1 or more", runs));
  }
  if (threads < 0) {
    throw InvalidArgument(fmt::format("gradcon: {} threads; 0 or more are possible", threads));
  }
  if (out.empty()) {
    throw InvalidArgument("gradcon: a folder for the results must be given");
  }
}

ExperimentResult run_gradcon_experiment(const GradConExperimentOptions& options,
                                        const ExperimentObserver& observer) {
  options.validate();
  return in_arena(options.threads, [&] { return GradConExperiment(options, observer).run(); });
}

}  // namespace gradspace
