#include "experiment/entry.h"

namespace gradspace {
namespace {

/// Calls every image out whose first pixel is dark.
class FittedToy : public FittedEntry {
 public:
  std::vector<double> score(const SetToScore& set) const override {
    const Observations& images = *set.observations;
    std::vector<double> scores;
    for (std::size_t i = 0; i < images.count; ++i) {
      scores.push_back(255 - images.pixels[i * images.input.size()]);
    }
    return scores;
  }
  double threshold() const override { return 128; }
};

class ToyEntry : public Entry {
 public:
  std::string method() const override { return "toy-entry"; }
  std::unique_ptr<FittedEntry> read(const ExperimentRun& /*run*/) const override { return nullptr; }
  std::unique_ptr<FittedEntry> fit(const FitMaterial& material) const override {
    material.on_step();
    return std::make_unique<FittedToy>();
  }

 protected:
  nlohmann::json ingredients(const ExperimentRun& run) const override {
    return ingredients_with_clean_images(text(), {}, run);
  }
};

}  // namespace

std::vector<ExperimentMethod> toy_entry_methods() {
  return {{"toy-entry", ResultsKind::kOneClass, [](const ExperimentOptions&) {
             std::vector<std::unique_ptr<Entry>> entries;
             entries.push_back(std::make_unique<ToyEntry>());
             return entries;
           }}};
}

}  // namespace gradspace
