// image-pseudo-holdout: what the best of the one-class detectors owes to similarity. "image-pseudo" learns
// from distorted copies of clean images, and some families of copies look similar to challenges. Here each
// challenge is judged by a detector that was trained without the copies similar to it.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "detect/one_class/pseudo_outliers.h"
#include "experiment/detector_entry.h"
#include "gradspace/challenge.h"

namespace gradspace {
namespace {

constexpr const char* kHoldout = "image-pseudo-holdout";
constexpr const char* kMethod = "image-pseudo";

/// What similar_distortions says, each different list once, in the order of the challenges. An entry
/// judges the challenges of one of them.
std::vector<std::string_view> lists_of_similar_distortions() {
  std::vector<std::string_view> lists;
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    if (std::ranges::find(lists, info.similar_distortions) == lists.end()) {
      lists.push_back(info.similar_distortions);
    }
  }
  return lists;
}

/// The families of distorted copies that are not in the list.
std::vector<std::string> distortions_outside(std::string_view list) {
  std::vector<std::string> rest;
  const std::string padded = fmt::format(",{},", list);
  for (const std::string_view name : kDistortionNames) {
    if (padded.find(fmt::format(",{},", name)) == std::string::npos) {
      rest.emplace_back(name);
    }
  }
  return rest;
}

class HoldoutEntry : public DetectorEntry {
 public:
  HoldoutEntry(const AutoencoderSpec& spec, std::size_t number, std::string_view held_out)
      : number_(number),
        held_out_(held_out),
        needs_(one_class_needs(std::vector<std::string>{kMethod}, spec)) {}

  std::string method() const override { return kHoldout; }
  std::string text() const override { return fmt::format("{}-{}", kHoldout, number_); }
  bool judges(int type) const override {
    return type == 0 ||
           challenge::info(static_cast<challenge::Type>(type)).similar_distortions == held_out_;
  }
  ObservationNeeds needs() const override { return needs_; }

 protected:
  Detector make(const FitMaterial& material) const override {
    Detector detector = fit_method(kMethod, distortions_outside(held_out_), material);
    material.on_step();
    return detector;
  }

  nlohmann::json ingredients(const ExperimentRun& run) const override {
    nlohmann::json own = autoencoder_ingredients(run);
    own["distortions"] = distortions_outside(held_out_);
    return ingredients_with_clean_images(text(), std::move(own), run);
  }

 private:
  std::size_t number_;
  std::string_view held_out_;
  ObservationNeeds needs_;
};

}  // namespace

std::vector<ExperimentMethod> image_pseudo_holdout_methods() {
  return {{kHoldout, ResultsKind::kOneClass, [](const ExperimentOptions& options) {
             std::vector<std::unique_ptr<Entry>> entries;
             for (const std::string_view list : lists_of_similar_distortions()) {
               entries.push_back(
                   std::make_unique<HoldoutEntry>(options.spec, entries.size(), list));
             }
             return entries;
           }}};
}

}  // namespace gradspace
