// What an experiment leaves for people to look at, beside the table: every image's scores, training
// curves, gradient fingerprints, sample pictures.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/file.h"
#include "experiment/experiment_data.h"
#include "experiment/set_scores.h"
#include "gradspace/feature_set.h"
#include "gradspace/gradient.h"
#include "gradspace/tiles.h"
#include "gradspace/train.h"

namespace gradspace {

class ExperimentOutputs {
 public:
  explicit ExperimentOutputs(std::filesystem::path folder);

  /// Rows of image_scores.csv: the set's images by the entry whose scores are in this column.
  void add_scores(const SetName& name, const SetScores& set, std::size_t column,
                  const std::string& method, int run);

  /// The mean absolute gradient of each filter (output channel) of the layers in `set`.
  void add_fingerprint(const SetName& name, const FeatureSet& set, const AutoencoderSpec& spec,
                       int run);

  /// Writes image_scores.csv, fingerprints.json, and training.csv out of the runs' own, where they have any.
  void finish(int runs);

 private:
  std::filesystem::path folder_;
  AtomicFile image_scores_;
  nlohmann::json fingerprints_ = nlohmann::json::array();
};

/// A strip for a few test images under each condition, TT_LL_N.png: clean, challenged, its
/// reconstruction, a map of the differences between the last two; of photographs judged by tiles, of the tile in their
/// middle. samples.json says which images they are.
void write_samples(const std::filesystem::path& folder, const ExperimentData& data,
                   std::span<const SetName> conditions, const Model& model,
                   GradientBackend& backend, const std::optional<Tiling>& tiles);

}  // namespace gradspace
