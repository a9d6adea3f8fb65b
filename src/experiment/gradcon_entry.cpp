// GradCon among the one-class detectors: it has an autoencoder of its own, and sees the same clean images.
#include <fmt/format.h>

#include <utility>

#include "core/file.h"
#include "experiment/entry.h"
#include "gradspace/gradcon.h"
#include "gradspace/gradcon_detector.h"
#include "gradspace/train.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr const char* kName = "gradcon";

double false_alarms(const ExperimentRun& run) {
  return std::get<OneClassExperiment>(run.options.kind).false_alarms;
}

/// Whether GradCon's autoencoder is made for such images.
bool takes(const AutoencoderSpec& spec) {
  const Extent& input = spec.input;
  return (input.channels == 1 || input.channels == 3) &&
         input == gradcon_autoencoder(input.channels).input;
}

class FittedGradCon : public FittedEntry {
 public:
  FittedGradCon(Model model, double threshold) : model_(std::move(model)), threshold_(threshold) {}

  std::vector<double> score(const SetToScore& set) const override {
    std::vector<double> scores;
    for (const GradConScore& score :
         gradcon_scores(observe_alignment(model_, set.observations->pixels))) {
      scores.push_back(score.score);
    }
    return scores;
  }
  double threshold() const override { return threshold_; }

 private:
  Model model_;
  double threshold_;
};

class GradConEntry : public Entry {
 public:
  explicit GradConEntry(int epochs) : epochs_(epochs) {}

  std::string method() const override { return kName; }
  std::string stage() const override { return "train gradcon"; }

  std::unique_ptr<FittedEntry> read(const ExperimentRun& run) const override;
  std::unique_ptr<FittedEntry> fit(const FitMaterial& material) const override;

 protected:
  json ingredients(const ExperimentRun& run) const override {
    return ingredients_with_clean_images(text(), {{"epochs", epochs_}}, run);
  }

 private:
  TrainOptions training(const ExperimentRun& run) const;

  int epochs_;
};

std::unique_ptr<FittedEntry> GradConEntry::read(const ExperimentRun& run) const {
  if (!std::filesystem::exists(path(run))) {
    return nullptr;
  }
  Model model = read_model(path(run));
  if (!is_ours(model.metadata, run)) {
    return nullptr;
  }
  return std::make_unique<FittedGradCon>(
      std::move(model), calibrated_threshold(read_detector(path(run)), false_alarms(run)));
}

TrainOptions GradConEntry::training(const ExperimentRun& run) const {
  TrainOptions options = gradcon_training();
  options.epochs = epochs_;
  options.seed = run.seed();
  // Named by its key: a checkpoint of other data or options is not this run's.
  options.checkpoint = run.stages.run_folder(run.number) /
                       fmt::format("gradcon-checkpoint-{:.12}.safetensors", key(run));
  options.resume = true;
  return options;
}

std::unique_ptr<FittedEntry> GradConEntry::fit(const FitMaterial& material) const {
  const ExperimentRun& run = material.run;
  const CleanImages& clean = *material.clean;
  const TrainOptions options = training(run);
  TrainObserver observer;
  observer.on_step = [&](const TrainProgress& progress) {
    run.stages.report(
        progress.images_done, progress.images_total, "images",
        fmt::format("epoch {}/{}  loss {:.4f}", progress.epoch, progress.epochs, progress.loss));
  };
  observer.stop_requested = [&] { return run.stages.stop_requested(); };
  const ImageStore& validation = clean.validation.images;
  TrainResult result = train_gradcon(gradcon_autoencoder(run.options.spec.input.channels),
                                     clean.train.images, validation, options, {}, observer);
  if (result.stopped) {
    return nullptr;
  }
  write_file(run.stages.run_folder(run.number) / "gradcon-training.csv",
             training_csv(result.epochs));
  note_made_of(result.model.metadata, ingredients(run));
  const Detector detector = gradcon_detector(result.model, validation.images(0, validation.size()));
  write_gradcon(path(run), result.model, detector);
  std::filesystem::remove(options.checkpoint);
  material.on_step();
  return std::make_unique<FittedGradCon>(std::move(result.model),
                                         calibrated_threshold(detector, false_alarms(run)));
}

}  // namespace

std::vector<ExperimentMethod> gradcon_methods() {
  return {{kName, ResultsKind::kOneClass,
           [](const ExperimentOptions& options) {
             std::vector<std::unique_ptr<Entry>> entries;
             entries.push_back(std::make_unique<GradConEntry>(
                 std::get<OneClassExperiment>(options.kind).gradcon_epochs));
             return entries;
           },
           takes}};
}

}  // namespace gradspace
