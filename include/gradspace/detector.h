// A detector as a file: what `fit` writes and `evaluate` and `score` read, with all it needs to be
// used right.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gradspace/calibration.h"
#include "gradspace/classifier.h"
#include "gradspace/export.h"
#include "gradspace/gradient.h"
#include "gradspace/tensor.h"
#include "gradspace/two_sided.h"

namespace gradspace {

struct GRADSPACE_API Detector {
  std::string method = "classifier";  ///< or one of `one_class_methods()`
  TensorMap weights;
  std::vector<FeatureBlock> columns;  ///< the blocks it looks at, in order, the first column 0
  /// Of a model that has several autoencoders (Model::members), how many it looks at: the first ones. Over 1 it has a
  /// part for each, whose tensors begin with `member_prefix`, and its score is made of the parts' means:
  /// of the classifiers' logits, or of one-class scores.
  std::size_t members = 1;
  /// Where it is not empty, the score is the distance of what the parts say from the middle of clean images.
  TwoSided two_sided = {};
  std::string model_sha256;  ///< of the model it was made for; empty where it needs none
  double threshold = 0.5;    ///< OOD where score > threshold
  /// Scores of clean validation images: they give the threshold of any rate of false alarms, and
  /// p-values.
  Calibration calibration;
  /// What else the file says (options, seed, data, training record), as JSON texts by key.
  std::map<std::string, std::string> metadata;

  /// Throws InvalidArgument, naming the field, when the method is empty, the model's SHA-256 is though there are
  /// columns or the metadata do not say what images it takes ("input", "tiles"), the threshold is NaN, a tensor's
  /// values are not as many as its shape says or one is NaN, the columns do not follow one another from 0, member
  /// after member, of each of `members`, 1 to kMaxMembers, or it is two-sided and no classifier. Whether the tensors
  /// are those of the method is seen when the detector is put to use.
  void validate() const;
};

/// Of a file that holds its model too (gradcon_detector.h), the detector. It is valid. Throws IoError,
/// FormatError.
GRADSPACE_API Detector read_detector(const std::filesystem::path& path);
/// Writes `.safetensors` with kind "detector". Throws IoError; InvalidArgument for a detector that is
/// not valid.
GRADSPACE_API void write_detector(const std::filesystem::path& path, const Detector& detector);

/// The columns of `set` that hold the detector's features, a view for each of its members. A member's must lie side by
/// side in the detector's order. Throws InvalidArgument when they do not, or the set was made by another
/// model; `name` stands in the message.
GRADSPACE_API std::vector<FeatureView> detector_views(const Detector& detector,
                                                      const FeatureSet& set,
                                                      const std::string& name);

/// Where `columns` lie side by side among those of a set: the first column. Throws InvalidArgument
/// naming the block that is missing.
GRADSPACE_API std::size_t find_columns(const std::vector<FeatureBlock>& set_columns,
                                       const std::vector<FeatureBlock>& wanted,
                                       const std::string& name);

}  // namespace gradspace
