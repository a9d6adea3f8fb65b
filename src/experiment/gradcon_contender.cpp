// GradCon among the one-class detectors: it has an autoencoder of its own, and sees the same clean images.
#include <fmt/format.h>

#include <utility>

#include "core/file.h"
#include "experiment/contenders.h"
#include "gradspace/gradcon.h"
#include "gradspace/train.h"

namespace gradspace {
namespace {

using nlohmann::json;

class FittedGradCon : public FittedContender {
 public:
  FittedGradCon(GradConDetector detector, double false_alarms)
      : detector_(std::move(detector)), threshold_(calibrated_threshold(detector_, false_alarms)) {}

  std::vector<double> score(const Observations& images) const override {
    std::vector<double> scores;
    for (const GradConScore& score : GradConScorer(detector_).score_prepared(images.pixels)) {
      scores.push_back(score.score);
    }
    return scores;
  }
  double threshold() const override { return threshold_; }

 private:
  GradConDetector detector_;
  double threshold_;
};

class GradConContender : public Contender {
 public:
  std::string method() const override { return kGradCon; }
  std::string stage() const override { return "train gradcon"; }

  std::unique_ptr<FittedContender> read(const ContenderRun& run) const override;
  std::unique_ptr<FittedContender> fit(const ContenderRun& run,
                                       const CleanImages& clean) const override;

 protected:
  json ingredients(const ContenderRun& run) const override {
    return {{"epochs", run.options.gradcon_epochs}};
  }

 private:
  GradConOptions training(const ContenderRun& run) const;
};

std::unique_ptr<FittedContender> GradConContender::read(const ContenderRun& run) const {
  if (!std::filesystem::exists(path(run))) {
    return nullptr;
  }
  GradConDetector detector = read_gradcon(path(run));
  if (!is_ours(detector.model.metadata, run)) {
    return nullptr;
  }
  return std::make_unique<FittedGradCon>(std::move(detector), run.options.false_alarms);
}

GradConOptions GradConContender::training(const ContenderRun& run) const {
  GradConOptions options;
  options.epochs = run.options.gradcon_epochs;
  options.seed = run.seed();
  // Named by its key: a checkpoint of other data or options is not this run's.
  options.checkpoint = run.stages.run_folder(run.number) /
                       fmt::format("gradcon-checkpoint-{:.12}.safetensors", key(run));
  options.resume = true;
  return options;
}

std::unique_ptr<FittedContender> GradConContender::fit(const ContenderRun& run,
                                                       const CleanImages& clean) const {
  const GradConOptions options = training(run);
  GradConObserver observer;
  observer.on_step = [&](const TrainProgress& progress) {
    run.stages.report(
        progress.images_done, progress.images_total, "images",
        fmt::format("epoch {}/{}  loss {:.4f}", progress.epoch, progress.epochs, progress.loss));
  };
  observer.stop_requested = [&] { return run.stages.stop_requested(); };
  GradConTrainResult result =
      train_gradcon(gradcon_autoencoder(run.options.spec.input.channels), clean.train.images,
                    clean.validation.images, options, observer);
  if (result.stopped) {
    return nullptr;
  }
  write_file(run.stages.run_folder(run.number) / "gradcon-training.csv",
             gradcon_training_csv(result.epochs));
  result.detector.model.metadata[kExperimentKey] = key(run);
  write_gradcon(path(run), result.detector);
  std::filesystem::remove(options.checkpoint);
  return std::make_unique<FittedGradCon>(std::move(result.detector), run.options.false_alarms);
}

}  // namespace

bool gradcon_takes(const Extent& input) {
  return (input.channels == 1 || input.channels == 3) &&
         input == gradcon_autoencoder(input.channels).input;
}

std::unique_ptr<Contender> make_gradcon_contender() {
  return std::make_unique<GradConContender>();
}

}  // namespace gradspace
