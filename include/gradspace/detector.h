// A detector as a file: what `fit` writes and `evaluate` and `score` read, with all it needs to be
// used right.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gradspace/classifier.h"
#include "gradspace/gradient.h"
#include "gradspace/tensor.h"

namespace gradspace {

struct Detector {
  std::string method = "classifier";
  TensorMap weights;
  std::vector<FeatureBlock> columns;  ///< the features it wants, in order, the first column 0
  std::string model_sha256;           ///< of the model whose features it was trained on
  double threshold = 0.5;             ///< OOD where score > threshold
  /// Scores of the clean validation images, ascending: they give the threshold of any rate of false
  /// alarms.
  std::vector<float> clean_scores;
  /// What else the file says (options, seed, data, training record), as JSON texts by key.
  std::map<std::string, std::string> metadata;
};

/// Throws IoError, FormatError.
Detector read_detector(const std::filesystem::path& path);
/// Writes `.safetensors` with kind "detector".
void write_detector(const std::filesystem::path& path, const Detector& detector);

/// The threshold at which clean images are called OOD with a probability of at most `false_alarms`,
/// by `calibrate_threshold` on the detector's clean scores. Throws InvalidArgument as that does.
double calibrated_threshold(const Detector& detector, double false_alarms);

/// The columns [begin, end) of `set` that hold the detector's features. They must lie side by side
/// in the detector's order. Throws InvalidArgument when they do not, or the set was made by another
/// model; `name` stands in the message.
FeatureView detector_view(const Detector& detector, const FeatureSet& set, const std::string& name);

/// Where `columns` lie side by side among those of a set: the first column. Throws InvalidArgument
/// naming the block that is missing.
std::size_t find_columns(const std::vector<FeatureBlock>& set_columns,
                         const std::vector<FeatureBlock>& wanted, const std::string& name);

}  // namespace gradspace
