// Photographs that are judged by their tiles at native resolution: the methods of photograph.h, and those of
// one_class.h tile by tile.
#include <fmt/format.h>

#include <utility>

#include "experiment/detector_entry.h"
#include "experiment/experiment_kind.h"

namespace gradspace {
namespace {

class FittedPhotographs : public FittedEntry {
 public:
  /// The model is null where the detector needs none, and outlives the entry.
  FittedPhotographs(Detector detector, const Model* model)
      : detector_(std::move(detector)), model_(model) {}

  std::unique_ptr<PhotographScorer> photograph_scorer() const override {
    return std::make_unique<PhotographScorer>(model_, detector_);
  }
  double threshold() const override { return detector_.threshold; }

 private:
  Detector detector_;
  const Model* model_;
};

class PhotographEntry : public DetectorEntry {
 public:
  PhotographEntry(std::string method, bool needs_model)
      : method_(std::move(method)), needs_model_(needs_model) {}

  std::string method() const override { return method_; }
  LooksAt looks_at() const override { return LooksAt::kPhotographs; }
  /// Each by itself: a fit keeps all cores at work, and much in memory.
  std::string stage() const override { return fmt::format("fit {}", method_); }

 protected:
  Detector make(const FitMaterial& material) const override;

  std::unique_ptr<FittedEntry> ready(const Detector& detector,
                                     const ExperimentRun& run) const override {
    return std::make_unique<FittedPhotographs>(detector, model_of(run));
  }

  nlohmann::json ingredients(const ExperimentRun& run) const override {
    nlohmann::json own = autoencoder_ingredients(run);
    own["tiles"] = tiles_record(*tiles_of(run.options));
    return ingredients_with_clean_images(text(), std::move(own), run);
  }

 private:
  const Model* model_of(const ExperimentRun& run) const {
    return needs_model_ ? &run.model : nullptr;
  }

  std::string method_;
  bool needs_model_;
};

Detector PhotographEntry::make(const FitMaterial& material) const {
  const ExperimentRun& run = material.run;
  const ExperimentStages& stages = run.stages;
  JobObserver observer = stages.job_observer("photographs");
  const auto report = observer.on_progress;
  observer.on_progress = [&](std::size_t done, std::size_t total) {
    if (stages.stop_requested()) {
      throw ExperimentStopped{};  // a fit has no other way to be stopped
    }
    report(done, total);
  };
  const std::shared_ptr<const Source> clean = stages.data().open({"train"});
  return fit_photographs(model_of(run), *clean,
                         photograph_options(run.options, method_, run.seed(), *clean), 0, observer);
}

ExperimentMethod by_tiles(const std::string& name, bool needs_model) {
  ExperimentMethod method{name, ResultsKind::kOneClass, [=](const ExperimentOptions&) {
                            std::vector<std::unique_ptr<Entry>> entries;
                            entries.push_back(std::make_unique<PhotographEntry>(name, needs_model));
                            return entries;
                          }};
  method.by_tiles = true;
  return method;
}

}  // namespace

std::vector<ExperimentMethod> methods_of_photographs() {
  std::vector<ExperimentMethod> methods;
  for (const PhotographMethodInfo& info : photograph_methods()) {
    methods.push_back(by_tiles(info.name, info.needs_model));
  }
  for (const OneClassMethodInfo& info : one_class_methods()) {
    if (info.any_model) {
      methods.push_back(by_tiles(info.name, info.needs_model));
    }
  }
  return methods;
}

}  // namespace gradspace
