#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "core/options.h"
#include "gradspace/error.h"
#include "gradspace/train.h"
#include "train/checkpoint.h"
#include "train/record.h"
#include "train/training_log.h"
#include "train/training_run.h"

namespace gradspace {
namespace {

/// The part of a backend's state that is the model's.
TensorMap weights_of(const TensorMap& state, const AutoencoderSpec& spec) {
  TensorMap weights;
  for (const LayerInfo& layer : layers(spec)) {
    for (const char* part : {".weight", ".bias"}) {
      weights.emplace(layer.name + part, state.at(layer.name + part));
    }
  }
  return weights;
}

/// One call of train_autoencoder.
class Run {
 public:
  Run(const AutoencoderSpec& spec, const ImageStore& train, const ImageStore& validation,
      TrainingBackend& backend, const TrainOptions& options, const TrainObserver& observer)
      : spec_(spec),
        train_(train),
        validation_(validation),
        backend_(backend),
        options_(options),
        observer_(observer),
        identity_(run_identity(spec, options, train, validation)),
        batch_(std::min(static_cast<std::size_t>(options.batch), train.size())),
        latent_(static_cast<std::size_t>(spec.latent)) {
    best_ = weights_of(backend.state(), spec);
    if (options.resume && std::filesystem::exists(options.checkpoint)) {
      resume();
    }
    if (!options.log_folder.empty() && epochs_run() < options.epochs) {
      log_.emplace(options.log_folder, epochs_run() + 1);
    }
  }

  TrainResult finish() {
    bool stopped = false;
    while (!stopped && epochs_run() < options_.epochs) {
      stopped = !run_epoch(epochs_run() + 1);
      stopped = stopped || (epochs_run() < options_.epochs && stop_requested());
    }
    TrainResult result;
    result.model.spec = spec_;
    result.model.weights = std::move(best_);
    result.model.metadata["training"] = training_metadata(identity_, options_, epochs_, stopped);
    result.model.metadata["preprocessing"] = preprocessing_metadata(spec_.input);
    const EpochRecord* best = best_record(epochs_);
    result.best_epoch = best != nullptr ? best->epoch : 0;
    result.epochs = std::move(epochs_);
    result.stopped = stopped;
    return result;
  }

 private:
  int epochs_run() const { return static_cast<int>(epochs_.size()); }

  bool stop_requested() const { return observer_.stop_requested && observer_.stop_requested(); }

  double loss(const LossSums& sums) const { return sums.bce + options_.beta * sums.kld; }

  void resume() {
    auto [checkpoint, epochs] =
        read_resumable<EpochRecord>(options_.checkpoint, identity_, options_.epochs,
                                    backend_.state(), best_, &history_from_json);
    backend_.restore(checkpoint.state, steps_of(epochs.size(), train_.size(), batch_));
    epochs_ = std::move(epochs);
    best_ = std::move(checkpoint.best);
  }

  /// False when it was given up on request.
  bool run_epoch(int epoch) {
    const std::optional<LossSums> training = train_epoch(epoch);
    if (!training) {
      return false;
    }
    const LossSums validation = validate(epoch);
    record_epoch(epoch, *training, validation);
    return true;
  }

  std::optional<LossSums> train_epoch(int epoch) {
    EpochBatches batches(train_, batch_, latent_, options_.seed, epoch);
    LossSums sums;
    while (const auto batch = batches.next()) {
      const LossSums step_sums = backend_.step(batch->images_u8_nhwc, batch->n, batch->noise);
      check_finite(step_sums, fmt::format("epoch {}, step {}", epoch, batch->begin / batch_ + 1));
      sums.bce += step_sums.bce;
      sums.kld += step_sums.kld;

      const std::size_t done = batch->begin + batch->n;
      report_step(epoch, done, loss(sums));
      if (done < train_.size() && stop_requested()) {
        return std::nullopt;
      }
    }
    return sums;
  }

  LossSums validate(int epoch) {
    LossSums sums;
    for (std::size_t begin = 0; begin < validation_.size(); begin += batch_) {
      const std::size_t n = std::min(batch_, validation_.size() - begin);
      const LossSums batch_sums = backend_.evaluate(validation_.images(begin, n), n);
      sums.bce += batch_sums.bce;
      sums.kld += batch_sums.kld;
    }
    check_finite(sums, fmt::format("validation after epoch {}", epoch));
    return sums;
  }

  void check_finite(const LossSums& sums, const std::string& where) const {
    if (!std::isfinite(loss(sums))) {
      throw Error(fmt::format(
          "train: the loss is not finite at {} (bce {}, kld {}); a lower learning rate may help",
          where, sums.bce, sums.kld));
    }
  }

  void report_step(int epoch, std::size_t done, double loss_sum) const {
    if (observer_.on_step) {
      observer_.on_step(step_progress(epoch, options_.epochs, train_.size(), done,
                                      loss_sum / static_cast<double>(done)));
    }
  }

  void record_epoch(int epoch, const LossSums& training, const LossSums& validation) {
    const auto images = static_cast<double>(train_.size());
    const auto validation_images = static_cast<double>(validation_.size());
    const EpochRecord* best_before = best_record(epochs_);
    EpochRecord record;
    record.epoch = epoch;
    record.train_loss = loss(training) / images;
    record.train_bce = training.bce / images;
    record.train_kld = training.kld / images;
    record.validation_loss = loss(validation) / validation_images;
    record.validation_bce = validation.bce / validation_images;
    record.validation_kld = validation.kld / validation_images;
    record.best = best_before == nullptr || record.validation_loss < best_before->validation_loss;
    record.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    epochs_.push_back(record);

    TensorMap state = backend_.state();
    if (record.best) {
      best_ = weights_of(state, spec_);
    }
    // Logged before it is saved: a kill between the two repeats the epoch and its events, and
    // TensorBoard drops the earlier ones.
    if (log_) {
      log_->epoch_done(record, validation_, backend_);
    }
    if (!options_.checkpoint.empty()) {
      write_checkpoint(options_.checkpoint, identity_,
                       {history_to_json(epochs_), std::move(state), best_});
    }
    if (observer_.on_epoch) {
      observer_.on_epoch(record);
    }
  }

  using Clock = std::chrono::steady_clock;

  const AutoencoderSpec& spec_;
  const ImageStore& train_;
  const ImageStore& validation_;
  TrainingBackend& backend_;
  const TrainOptions& options_;
  const TrainObserver& observer_;
  nlohmann::json identity_;
  std::size_t batch_;
  std::size_t latent_;

  Clock::time_point start_ = Clock::now();
  std::vector<EpochRecord> epochs_;
  TensorMap best_;
  std::optional<TrainingLog> log_;
};

}  // namespace

void TrainOptions::validate() const {
  constexpr OptionCheck require("train");
  require(epochs >= 1, "epochs", epochs, "1 or more");
  require(batch >= 1, "batch", batch, "1 or more");
  step().validate();
  require.resumable(resume, checkpoint);
}

TrainResult train_autoencoder(const AutoencoderSpec& spec, const ImageStore& train,
                              const ImageStore& validation, TrainingBackend& backend,
                              const TrainOptions& options, const TrainObserver& observer) {
  options.validate();
  spec.validate();
  check_training_images("train", "training", train, spec);
  check_training_images("train", "validation", validation, spec);
  return Run(spec, train, validation, backend, options, observer).finish();
}

bool is_trained_by(const Model& model, const AutoencoderSpec& spec, const ImageStore& train,
                   const ImageStore& validation, const TrainOptions& options) {
  const auto record = model.metadata.find("training");
  return model.spec == spec && record != model.metadata.end() &&
         is_finished_run(record->second, run_identity(spec, options, train, validation), options);
}

}  // namespace gradspace
