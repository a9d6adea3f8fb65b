#include "train/training_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "core/options.h"
#include "core/output_path.h"
#include "core/round_up.h"
#include "core/tensor_of_shape.h"
#include "gradspace/error.h"
#include "gradspace/output_lock.h"
#include "train/checkpoint.h"
#include "train/epoch_batches.h"
#include "train/record.h"
#include "train/training_log.h"

namespace gradspace {
namespace {

/// What is kept of the best epoch: all but the optimiser's tensors.
TensorMap kept_part(TensorMap state) {
  std::erase_if(state, [](const auto& entry) { return entry.first.starts_with("adam."); });
  return state;
}

bool same_layout(const TensorMap& a, const TensorMap& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.shape == y.second.shape;
  });
}

/// One call of run_training.
class TrainingRun {
 public:
  TrainingRun(const TrainingTask& task, Objective& objective)
      : task_(task),
        options_(task.options),
        objective_(objective),
        identity_(run_identity(task.spec, task.options, objective.identity(), task.train,
                               task.validation)),
        batch_(std::min(static_cast<std::size_t>(task.options.batch), task.train.size())),
        best_(kept_part(objective.state())) {
    std::error_code unknown;
    if (options_.resume && std::filesystem::exists(options_.checkpoint, unknown)) {
      resume();
    }
    if (options_.writes_files && !options_.log_folder.empty() && epochs_run() < options_.epochs) {
      log_.emplace(options_.log_folder, epochs_run() + 1);
    }
  }

  TrainResult finish() {
    bool stopped = false;
    while (!stopped && epochs_run() < options_.epochs) {
      stopped = !run_epoch(epochs_run() + 1);
      stopped = stopped || (epochs_run() < options_.epochs && stop_requested());
    }
    TrainResult result;
    result.model.spec = task_.spec;
    for (auto& [name, tensor] : best_) {
      constexpr std::string_view kMean = "mean.";
      if (name.starts_with(kMean)) {
        result.model.mean_gradients.emplace(name.substr(kMean.size()), std::move(tensor));
      } else {
        result.model.weights.emplace(name, std::move(tensor));
      }
    }
    result.model.metadata["training"] =
        training_metadata(identity_, options_.epochs, epochs_, stopped);
    result.model.metadata["preprocessing"] =
        preprocessing_metadata(task_.spec.input, task_.train.decoding());
    const EpochRecord* best = best_record(epochs_);
    result.best_epoch = best != nullptr ? best->epoch : 0;
    result.epochs = std::move(epochs_);
    result.stopped = stopped;
    return result;
  }

 private:
  using Clock = std::chrono::steady_clock;

  int epochs_run() const { return static_cast<int>(epochs_.size()); }

  bool stop_requested() const {
    return task_.observer.stop_requested && task_.observer.stop_requested();
  }

  void resume() {
    const std::string file = options_.checkpoint.string();
    Checkpoint checkpoint = read_checkpoint(options_.checkpoint, identity_);
    std::vector<EpochRecord> epochs;
    try {
      epochs = history_from_json(checkpoint.history, objective_.terms());
    } catch (const nlohmann::json::exception& error) {
      throw FormatError(fmt::format("{}: damaged metadata: {}", file, error.what()));
    }
    if (std::cmp_greater(epochs.size(), options_.epochs)) {
      throw InvalidArgument(
          fmt::format("{}: {} epochs are done already, more than the {} asked for", file,
                      epochs.size(), options_.epochs));
    }
    if (!same_layout(checkpoint.state, objective_.state()) ||
        !same_layout(checkpoint.best, best_)) {
      throw FormatError(fmt::format("{}: damaged: its tensors are not this model's", file));
    }
    const std::size_t steps = epochs.size() * block_count(batch_, task_.train.size());
    objective_.restore(checkpoint.state, static_cast<std::int64_t>(steps));
    epochs_ = std::move(epochs);
    best_ = std::move(checkpoint.best);
  }

  /// False when it was given up on request.
  bool run_epoch(int epoch) {
    const std::optional<EpochLosses> training = train_epoch(epoch);
    if (!training) {
      return false;
    }
    record_epoch(epoch, *training, validate(epoch));
    return true;
  }

  std::optional<EpochLosses> train_epoch(int epoch) {
    EpochBatches batches(task_.train, batch_, static_cast<std::size_t>(task_.spec.latent),
                         options_.seed, epoch);
    TermSums sums(objective_.terms().size());
    while (const auto batch = batches.next()) {
      const TermSums step = objective_.step(batch->images_u8_nhwc, batch->n, batch->noise);
      check_finite(step, batch->n,
                   fmt::format("epoch {}, step {}", epoch, batch->begin / batch_ + 1));
      std::ranges::transform(sums, step, sums.begin(), std::plus<>());
      const std::size_t done = batch->begin + batch->n;
      report_step(epoch, done, objective_.loss(sums, static_cast<double>(done)));
      if (done < task_.train.size() && stop_requested()) {
        return std::nullopt;
      }
    }
    return losses_of(sums, task_.train.size());
  }

  EpochLosses validate(int epoch) {
    const ImageStore& images = task_.validation;
    TermSums sums(objective_.terms().size());
    for (std::size_t begin = 0; begin < images.size(); begin += batch_) {
      const std::size_t n = std::min(batch_, images.size() - begin);
      std::ranges::transform(sums, objective_.evaluate(images.images(begin, n), n), sums.begin(),
                             std::plus<>());
    }
    check_finite(sums, images.size(), fmt::format("validation after epoch {}", epoch));
    return losses_of(sums, images.size());
  }

  EpochLosses losses_of(const TermSums& sums, std::size_t images) const {
    const auto count = static_cast<double>(images);
    EpochLosses losses{objective_.loss(sums, count), {}};
    for (std::size_t i = 0; i < sums.size(); ++i) {
      losses.terms.emplace_back(objective_.terms()[i], sums[i] / count);
    }
    return losses;
  }

  void check_finite(const TermSums& sums, std::size_t images, const std::string& where) const {
    const EpochLosses losses = losses_of(sums, images);
    if (std::isfinite(losses.loss)) {
      return;
    }
    std::string terms;
    for (const auto& [name, value] : losses.terms) {
      terms += fmt::format("{}{} {}", terms.empty() ? "" : ", ", name, value);
    }
    throw Error(fmt::format("{}: the loss is not finite at {} ({}); a lower learning rate may help",
                            objective_.name(), where, terms));
  }

  /// Numbers that are none need not show in a loss: how a minimum or maximum treats them hangs on the processor.
  void check_finite(const TensorMap& state, int epoch) const {
    for (const auto& [name, tensor] : state) {
      if (!is_finite(tensor)) {
        throw Error(
            fmt::format("{}: {} is not finite after epoch {}; a lower learning rate may help",
                        objective_.name(), name, epoch));
      }
    }
  }

  void report_step(int epoch, std::size_t done, double loss) const {
    const std::size_t images = task_.train.size();
    if (task_.observer.on_step) {
      task_.observer.on_step({.epoch = epoch,
                              .epochs = options_.epochs,
                              .images_done = static_cast<std::size_t>(epoch - 1) * images + done,
                              .images_total = static_cast<std::size_t>(options_.epochs) * images,
                              .loss = loss});
    }
  }

  void record_epoch(int epoch, const EpochLosses& training, const EpochLosses& validation) {
    TensorMap state = objective_.state();
    check_finite(state, epoch);
    const EpochRecord* best_before = best_record(epochs_);
    const bool best = best_before == nullptr || validation.loss < best_before->validation.loss;
    epochs_.push_back({epoch, training, validation, best,
                       std::chrono::duration<double>(Clock::now() - start_).count()});

    if (best) {
      best_ = kept_part(state);
    }
    // Logged before it is saved: a kill between the two repeats the epoch and its events, and
    // TensorBoard drops the earlier ones.
    if (log_) {
      log_->epoch_done(epochs_.back(), task_.validation, objective_);
    }
    if (options_.writes_files && !options_.checkpoint.empty()) {
      write_checkpoint(options_.checkpoint, identity_,
                       {history_to_json(epochs_), std::move(state), best_});
    }
    if (task_.observer.on_epoch) {
      task_.observer.on_epoch(epochs_.back());
    }
  }

  const TrainingTask& task_;
  const TrainOptions& options_;
  Objective& objective_;
  nlohmann::json identity_;
  std::size_t batch_;

  Clock::time_point start_ = Clock::now();
  std::vector<EpochRecord> epochs_;
  TensorMap best_;
  std::optional<TrainingLog> log_;
};

void check_images(std::string_view what, const ImageStore& images, const AutoencoderSpec& spec,
                  std::string_view objective) {
  if (images.extent() != spec.input) {
    throw InvalidArgument(fmt::format(
        "{}: {} images are {}x{} with {} channels but the model wants {}x{} with {}", objective,
        what, images.extent().width, images.extent().height, images.extent().channels,
        spec.input.width, spec.input.height, spec.input.channels));
  }
  if (images.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw InvalidArgument(
        fmt::format("{}: {} {} images: at most 2^32 - 1", objective, images.size(), what));
  }
}

}  // namespace

void TrainOptions::validate() const {
  constexpr OptionCheck require("train");
  require(epochs >= 1, "epochs", epochs, "1 or more");
  require(batch >= 1, "batch", batch, "1 or more");
  step().validate();
  require.resumable(resume, checkpoint);
}

TrainResult run_training(const TrainingTask& task, Objective& objective) {
  task.options.validate();
  task.spec.validate();
  check_images("training", task.train, task.spec, objective.name());
  check_images("validation", task.validation, task.spec, objective.name());
  std::optional<OutputLock> lock;
  if (task.options.writes_files && !task.options.checkpoint.empty()) {
    lock = OutputLock::of_file(task.options.checkpoint);
  }
  return TrainingRun(task, objective).finish();
}

std::filesystem::path checkpoint_beside(const std::filesystem::path& out) {
  return path_with_suffix(out, ".checkpoint");
}

}  // namespace gradspace
