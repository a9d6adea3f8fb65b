// The best clean-only detector without its advantage: it learns from distorted copies of clean images, and
// some families of copies are akin to challenges. Here each challenge is judged by one that was trained
// without its kin.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "detect/one_class/pseudo_outliers.h"
#include "experiment/contenders.h"
#include "experiment/detector_contender.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr const char* kMethod = "image-pseudo";

struct Kinship {
  std::vector<int> types;                     ///< challenges
  std::vector<std::string_view> distortions;  ///< akin to them
};

/// A codec error shows blocks of other places, as occlusion pastes other images; haze bends tones, takes
/// saturation and lies unevenly; rain and snow cover the picture and veil it.
const std::vector<Kinship>& kinships() {
  static const std::vector<Kinship> list = {
      {{1}, {"colour"}},
      {{2, 7}, {"filter"}},
      {{3}, {"occlusion", "noise"}},
      {{4, 6, 10}, {"tone", "light"}},
      {{5}, {"occlusion"}},
      {{8}, {"noise"}},
      {{9, 11}, {"occlusion", "tone"}},
      {{12}, {"tone", "colour", "light"}},
  };
  return list;
}

/// The families of distorted copies that are no kin of the group.
std::vector<std::string> distortions_for(std::size_t group) {
  const std::vector<std::string_view>& kin = kinships()[group].distortions;
  std::vector<std::string> rest;
  for (const std::string_view name : kDistortionNames) {
    if (std::ranges::find(kin, name) == kin.end()) {
      rest.emplace_back(name);
    }
  }
  return rest;
}

class Kinless : public DetectorContender {
 public:
  Kinless(const AutoencoderSpec& spec, std::size_t group)
      : group_(group), needs_(one_class_needs(std::vector<std::string>{kMethod}, spec)) {}

  std::string method() const override { return kKinless; }
  std::string text() const override { return fmt::format("{}-{}", kKinless, group_); }
  bool judges(int type) const override { return type == 0 || kinless_group(type) == group_; }
  ObservationNeeds needs() const override { return needs_; }

 protected:
  Detector make(const ContenderRun& run, const CleanImages& clean) const override {
    return fit_method(kMethod, distortions_for(group_), run, clean);
  }

  nlohmann::json ingredients(const ContenderRun& run) const override {
    nlohmann::json result = DetectorContender::ingredients(run);
    result["distortions"] = distortions_for(group_);
    return result;
  }

 private:
  std::size_t group_;
  ObservationNeeds needs_;
};

}  // namespace

std::size_t kinless_groups() {
  return kinships().size();
}

std::size_t kinless_group(int challenge_type) {
  const auto found = std::ranges::find_if(kinships(), [&](const Kinship& kinship) {
    return std::ranges::find(kinship.types, challenge_type) != kinship.types.end();
  });
  if (found == kinships().end()) {
    throw InvalidArgument(
        fmt::format("experiment: no kinship is known of challenge type {}", challenge_type));
  }
  return static_cast<std::size_t>(found - kinships().begin());
}

std::unique_ptr<Contender> make_kinless(const AutoencoderSpec& spec, std::size_t group) {
  return std::make_unique<Kinless>(spec, group);
}

}  // namespace gradspace
