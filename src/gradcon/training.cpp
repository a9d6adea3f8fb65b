// The training loop: as train_autoencoder's, with GradCon's losses.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "gradcon/record.h"
#include "gradcon/trainer.h"
#include "gradspace/error.h"
#include "gradspace/gradcon.h"
#include "train/checkpoint.h"
#include "train/event_file.h"
#include "train/record.h"
#include "train/training_log.h"
#include "train/training_run.h"

namespace gradspace {
namespace gradcon {
namespace {

/// Weights and mean gradients: what is kept of the best epoch. The rest of a state is Adam's.
TensorMap kept_part(TensorMap state) {
  std::erase_if(state, [](const auto& entry) { return entry.first.starts_with("adam."); });
  return state;
}

/// Means over images, of batches' losses.
class LossMeans {
 public:
  void add(const BatchLosses& batch, std::size_t images) {
    const auto weight = static_cast<double>(images);
    sums_.error += weight * batch.error;
    sums_.cosine += weight * batch.cosine;
    sums_.kld += weight * batch.kld;
    images_ += weight;
  }
  BatchLosses means() const {
    return {sums_.error / images_, sums_.cosine / images_, sums_.kld / images_};
  }

 private:
  BatchLosses sums_;
  double images_ = 0;
};

/// One call of train_gradcon.
class Run {
 public:
  Run(const AutoencoderSpec& spec, const ImageStore& train, const ImageStore& validation,
      const GradConOptions& options, const GradConObserver& observer)
      : spec_(spec),
        train_(train),
        validation_(validation),
        options_(options),
        observer_(observer),
        identity_(run_identity(spec, options, train, validation)),
        batch_(std::min(static_cast<std::size_t>(options.batch), train.size())),
        latent_(static_cast<std::size_t>(spec.latent)),
        trainer_(initialise(spec, options.seed), options) {
    best_ = kept_part(trainer_.state());
    if (options.resume && std::filesystem::exists(options.checkpoint)) {
      resume();
    }
    if (!options.log_folder.empty() && epochs_run() < options.epochs) {
      log_.emplace(options.log_folder);
      if (epochs_run() > 0) {
        log_->session_start(epochs_run() + 1);
      }
    }
  }

  GradConTrainResult finish() {
    bool stopped = false;
    while (!stopped && epochs_run() < options_.epochs) {
      stopped = !run_epoch(epochs_run() + 1);
      stopped = stopped || (epochs_run() < options_.epochs && stop_requested());
    }
    GradConTrainResult result;
    GradConDetector& detector = result.detector;
    detector.model.spec = spec_;
    for (auto& [name, tensor] : best_) {
      constexpr std::string_view kMean = "mean.";
      if (name.starts_with(kMean)) {
        detector.mean_gradients.emplace(name.substr(kMean.size()), std::move(tensor));
      } else {
        detector.model.weights.emplace(name, std::move(tensor));
      }
    }
    detector.model.metadata["training"] = training_metadata(identity_, options_, epochs_, stopped);
    detector.model.metadata["preprocessing"] = preprocessing_metadata(spec_.input);
    score_validation(detector);
    const GradConEpoch* best = best_record(epochs_);
    result.best_epoch = best != nullptr ? best->epoch : 0;
    result.epochs = std::move(epochs_);
    result.stopped = stopped;
    return result;
  }

 private:
  using Clock = std::chrono::steady_clock;

  int epochs_run() const { return static_cast<int>(epochs_.size()); }

  bool stop_requested() const { return observer_.stop_requested && observer_.stop_requested(); }

  double loss(const BatchLosses& losses) const { return losses.loss(options_, spec_.input.size()); }

  void resume() {
    auto [checkpoint, epochs] =
        read_resumable<GradConEpoch>(options_.checkpoint, identity_, options_.epochs,
                                     trainer_.state(), best_, &history_from_json);
    trainer_.restore(checkpoint.state, steps_of(epochs.size(), train_.size(), batch_));
    epochs_ = std::move(epochs);
    best_ = std::move(checkpoint.best);
  }

  /// False when it was given up on request.
  bool run_epoch(int epoch) {
    const std::optional<BatchLosses> training = train_epoch(epoch);
    if (!training) {
      return false;
    }
    record_epoch(epoch, *training, validate(epoch));
    return true;
  }

  std::optional<BatchLosses> train_epoch(int epoch) {
    EpochBatches batches(train_, batch_, latent_, options_.seed, epoch);
    LossMeans means;
    while (const auto batch = batches.next()) {
      const BatchLosses losses = trainer_.step(batch->images_u8_nhwc, batch->n, batch->noise);
      check_finite(losses, fmt::format("epoch {}, step {}", epoch, batch->begin / batch_ + 1));
      means.add(losses, batch->n);
      const std::size_t done = batch->begin + batch->n;
      report_step(epoch, done, means.means());
      if (done < train_.size() && stop_requested()) {
        return std::nullopt;
      }
    }
    return means.means();
  }

  BatchLosses validate(int epoch) {
    LossMeans means;
    for (std::size_t begin = 0; begin < validation_.size(); begin += batch_) {
      const std::size_t n = std::min(batch_, validation_.size() - begin);
      means.add(trainer_.evaluate(validation_.images(begin, n), n), n);
    }
    check_finite(means.means(), fmt::format("validation after epoch {}", epoch));
    return means.means();
  }

  void check_finite(const BatchLosses& losses, const std::string& where) const {
    if (!std::isfinite(loss(losses))) {
      throw Error(
          fmt::format("gradcon: the loss is not finite at {} (error {}, cosine {}, kld "
                      "{}); a lower learning rate may help",
                      where, losses.error, losses.cosine, losses.kld));
    }
  }

  void report_step(int epoch, std::size_t done, const BatchLosses& means) const {
    if (observer_.on_step) {
      observer_.on_step(step_progress(epoch, options_.epochs, train_.size(), done, loss(means)));
    }
  }

  void record_epoch(int epoch, const BatchLosses& training, const BatchLosses& validation) {
    const GradConEpoch* best_before = best_record(epochs_);
    GradConEpoch record;
    record.epoch = epoch;
    record.train_loss = loss(training);
    record.train_error = training.error;
    record.train_cosine = training.cosine;
    record.train_kld = training.kld;
    record.validation_loss = loss(validation);
    record.validation_error = validation.error;
    record.validation_cosine = validation.cosine;
    record.validation_kld = validation.kld;
    record.best = best_before == nullptr || record.validation_loss < best_before->validation_loss;
    record.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    epochs_.push_back(record);

    TensorMap state = trainer_.state();
    if (record.best) {
      best_ = kept_part(state);
    }
    // Before the checkpoint: a kill between the two repeats the epoch and its events, and
    // TensorBoard drops the earlier ones.
    if (log_) {
      write_log(record);
    }
    if (!options_.checkpoint.empty()) {
      write_checkpoint(options_.checkpoint, identity_,
                       {history_to_json(epochs_), std::move(state), best_});
    }
    if (observer_.on_epoch) {
      observer_.on_epoch(record);
    }
  }

  void write_log(const GradConEpoch& record) {
    const std::array<std::pair<std::string, double>, 8> scalars{{
        {"loss/train", record.train_loss},
        {"loss/validation", record.validation_loss},
        {"error/train", record.train_error},
        {"error/validation", record.validation_error},
        {"cosine/train", record.train_cosine},
        {"cosine/validation", record.validation_cosine},
        {"kld/train", record.train_kld},
        {"kld/validation", record.validation_kld},
    }};
    log_->scalars(record.epoch, scalars);
    if (shows_images(record.epoch)) {
      log_->image(record.epoch, "validation/input_above_reconstruction",
                  reconstruction_strip(validation_, [&](auto images, std::size_t n, auto out) {
                    trainer_.reconstruct(images, n, out);
                  }));
    }
  }

  void score_validation(GradConDetector& detector) const {
    GradConScorer scorer(detector);
    for (const GradConScore& score :
         scorer.score_prepared(validation_.images(0, validation_.size()))) {
      detector.clean_errors.push_back(static_cast<float>(score.error));
      detector.clean_cosines.push_back(static_cast<float>(score.cosine));
    }
  }

  const AutoencoderSpec& spec_;
  const ImageStore& train_;
  const ImageStore& validation_;
  const GradConOptions& options_;
  const GradConObserver& observer_;
  nlohmann::json identity_;
  std::size_t batch_;
  std::size_t latent_;
  Trainer trainer_;

  Clock::time_point start_ = Clock::now();
  std::vector<GradConEpoch> epochs_;
  TensorMap best_;
  std::optional<EventFile> log_;
};

}  // namespace
}  // namespace gradcon

GradConTrainResult train_gradcon(const AutoencoderSpec& spec, const ImageStore& train,
                                 const ImageStore& validation, const GradConOptions& options,
                                 const GradConObserver& observer) {
  options.validate();
  spec.validate();
  check_training_images("gradcon", "training", train, spec);
  check_training_images("gradcon", "validation", validation, spec);
  return gradcon::Run(spec, train, validation, options, observer).finish();
}

}  // namespace gradspace
