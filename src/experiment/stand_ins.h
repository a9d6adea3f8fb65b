// The paper's classifier trained on several challenges at once, none of which is kin to those it is
// judged on.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "experiment/experiment_data.h"
#include "gradspace/one_class.h"

namespace gradspace {

/// Optics; light; weather; sensor and transmission.
inline constexpr std::size_t kStandInGroups = 4;

/// From 0.
std::size_t stand_in_group(int challenge_type);

struct StandInTraining {
  const ExperimentData& data;
  const AutoencoderSpec& spec;
  std::string model_sha256;
  const Observations& train;       ///< clean; the paper's gradients observed
  const Observations& validation;  ///< clean
  std::function<std::unique_ptr<GradientBackend>(std::vector<FeatureBlock>)> make_backend;
  int level = 3;
  double false_alarms = 0.01;
  ClassifierOptions classifier;
};

/// Trained on clean images against the challenges outside `group`, made of the same clean images, each of
/// which is challenged once.
Detector fit_stand_ins(const StandInTraining& training, std::size_t group);

}  // namespace gradspace
