#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "gradspace/error.h"
#include "gradspace/train.h"
#include "train/checkpoint.h"
#include "train/record.h"
#include "train/schedule.h"
#include "train/training_log.h"

namespace gradspace {
namespace {

void check_images(const char* what, const ImageStore& images, const AutoencoderSpec& spec) {
  if (images.extent() != spec.input) {
    throw InvalidArgument(
        fmt::format("train: {} images are {}x{} with {} channels but the model wants {}x{} with {}",
                    what, images.extent().width, images.extent().height, images.extent().channels,
                    spec.input.width, spec.input.height, spec.input.channels));
  }
  if (images.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw InvalidArgument(
        fmt::format("train: {} {} images: at most 2^32 - 1", images.size(), what));
  }
}

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

bool same_layout(const TensorMap& a, const TensorMap& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.shape == y.second.shape;
  });
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
    Checkpoint checkpoint = read_checkpoint(options_.checkpoint, identity_);
    const std::string file = options_.checkpoint.string();
    std::vector<EpochRecord> epochs;
    try {
      epochs = history_from_json(checkpoint.history);
    } catch (const nlohmann::json::exception& error) {
      throw FormatError(fmt::format("{}: damaged metadata: {}", file, error.what()));
    }
    if (std::cmp_greater(epochs.size(), options_.epochs)) {
      throw InvalidArgument(
          fmt::format("{}: {} epochs are done already, more than the {} asked for", file,
                      epochs.size(), options_.epochs));
    }
    if (!same_layout(checkpoint.state, backend_.state()) || !same_layout(checkpoint.best, best_)) {
      throw FormatError(fmt::format("{}: damaged: its tensors are not this model's", file));
    }
    const std::size_t steps_an_epoch = (train_.size() + batch_ - 1) / batch_;
    backend_.restore(checkpoint.state, static_cast<std::int64_t>(epochs.size() * steps_an_epoch));
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
    const auto count = static_cast<std::uint32_t>(train_.size());
    const std::vector<std::uint32_t> order = epoch_order(count, options_.seed, epoch);
    std::vector<std::uint8_t> images(batch_ * spec_.input.size());
    std::vector<float> noise(batch_ * latent_);
    LossSums sums;
    int step = 0;
    for (std::size_t begin = 0; begin < order.size(); begin += batch_) {
      const std::size_t n = std::min(batch_, order.size() - begin);
      for (std::size_t i = 0; i < n; ++i) {
        std::ranges::copy(train_.image(order[begin + i]),
                          images.begin() + static_cast<std::ptrdiff_t>(i * spec_.input.size()));
      }
      const std::span<float> batch_noise = std::span(noise).first(n * latent_);
      fill_noise(batch_noise, latent_, options_.seed, epoch, begin);
      const LossSums step_sums =
          backend_.step(std::span(images).first(n * spec_.input.size()), n, batch_noise);
      ++step;
      check_finite(step_sums, fmt::format("epoch {}, step {}", epoch, step));
      sums.bce += step_sums.bce;
      sums.kld += step_sums.kld;

      const std::size_t done = begin + n;
      report_step(epoch, done, loss(sums));
      if (done < order.size() && stop_requested()) {
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
      TrainProgress progress;
      progress.epoch = epoch;
      progress.epochs = options_.epochs;
      progress.images_done = static_cast<std::size_t>(epoch - 1) * train_.size() + done;
      progress.images_total = static_cast<std::size_t>(options_.epochs) * train_.size();
      progress.loss = loss_sum / static_cast<double>(done);
      observer_.on_step(progress);
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
  const auto require = [](bool holds, const char* option, auto value, const char* wanted) {
    if (!holds) {
      throw InvalidArgument(fmt::format("train: {} {}: must be {}", option, value, wanted));
    }
  };
  require(epochs >= 1, "epochs", epochs, "1 or more");
  require(batch >= 1, "batch", batch, "1 or more");
  require(std::isfinite(learning_rate) && learning_rate > 0, "learning rate", learning_rate,
          "a finite number over 0");
  require(std::isfinite(beta) && beta >= 0, "beta", beta, "a finite number, 0 or more");
  if (resume && checkpoint.empty()) {
    throw InvalidArgument("train: to resume, the checkpoint's file must be given");
  }
}

TrainResult train_autoencoder(const AutoencoderSpec& spec, const ImageStore& train,
                              const ImageStore& validation, TrainingBackend& backend,
                              const TrainOptions& options, const TrainObserver& observer) {
  options.validate();
  spec.validate();
  check_images("training", train, spec);
  check_images("validation", validation, spec);
  return Run(spec, train, validation, backend, options, observer).finish();
}

bool is_trained_by(const Model& model, const AutoencoderSpec& spec, const ImageStore& train,
                   const ImageStore& validation, const TrainOptions& options) {
  const auto record = model.metadata.find("training");
  return model.spec == spec && record != model.metadata.end() &&
         is_finished_run(record->second, run_identity(spec, options, train, validation), options);
}

}  // namespace gradspace
