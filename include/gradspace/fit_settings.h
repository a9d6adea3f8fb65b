// What a user may set of a fit, whatever the detector learns from: one list for the command, the Python module and the
// C interface, which is turned into the options of each kind of fit here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradspace/classifier.h"
#include "gradspace/export.h"
#include "gradspace/fit.h"
#include "gradspace/fit_features.h"
#include "gradspace/hold_out.h"
#include "gradspace/model.h"
#include "gradspace/one_class.h"
#include "gradspace/photograph.h"
#include "gradspace/tiles.h"

namespace gradspace {

/// The defaults are those of the options that these become. What a kind of fit does not read is passed over.
struct FitSettings {
  std::string method = {};  ///< empty: the default of the kind of fit
  std::optional<double> false_alarms = {};
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0 = all cores
  // of methods that learn from clean images or features alone
  double memory_gib = OneClassOptions().memory_gib;
  // of images, whole or by tiles
  std::vector<std::string> distortions = {};
  std::optional<HoldOut> hold_out = {};
  // of photographs by tiles
  std::optional<Tiling> tiles = {};      ///< empty: of the model's input, or 28x28
  std::optional<PixelSize> stride = {};  ///< distance of neighbouring tiles; empty: as `tiles` says
  // of feature sets
  std::string features = {};
  // of the paper's classifier
  bool two_sided = false;
  int epochs = ClassifierOptions().epochs;
  int batch = ClassifierOptions().batch;
  double learning_rate = ClassifierOptions().learning_rate;
};

GRADSPACE_API OneClassOptions one_class_options(const FitSettings& settings);

/// `model`: null for a method that needs none.
GRADSPACE_API PhotographOptions photograph_options(const FitSettings& settings, const Model* model);

GRADSPACE_API FeatureFitOptions feature_fit_options(const FitSettings& settings);

GRADSPACE_API FitOptions classifier_fit_options(const FitSettings& settings);

}  // namespace gradspace
