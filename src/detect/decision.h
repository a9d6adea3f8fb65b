// From what the parts of a detector say of images, one part a member, to its scores.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "gradspace/classifier.h"
#include "gradspace/detector.h"
#include "gradspace/one_class.h"

namespace gradspace {

/// How the parts' words become one score: their mean, of classifiers a probability again, or the distance from the
/// middle of clean images. Copies what it needs of the detector; thread-safe.
class Decision {
 public:
  explicit Decision(const Detector& detector);

  /// Whether a classifier's parts are to say logits; else probabilities, which are the scores themselves.
  bool takes_logits() const { return takes_logits_; }

  /// `parts`: what each part says of the same images, at least one. Throws InvalidArgument when they are of
  /// different numbers.
  std::vector<double> scores(std::span<const std::vector<double>> parts) const;
  /// The same into `scores`, whose memory is kept.
  void scores_into(std::span<const std::vector<double>> parts, std::vector<double>& scores) const;

 private:
  bool takes_logits_;
  TwoSided two_sided_;
};

/// The parts' means, image by image.
std::vector<double> means_of(std::span<const std::vector<double>> parts);
/// The same into `means`, whose memory is kept.
void means_into(std::span<const std::vector<double>> parts, std::vector<double>& means);

/// Throws InvalidArgument unless the columns are what a detector may look at: in order, and of each of a model's first
/// members.
void check_columns(const std::vector<FeatureBlock>& columns, std::size_t members);

/// Puts the tensors of parts into a detector, as many as it then has members.
void put_parts(std::span<const TensorMap> parts, Detector& detector);

/// One of a detector's parts as a detector by itself, of one member; without calibration, and of one side.
Detector part_of(const Detector& detector, std::size_t member);

/// Throws InvalidArgument unless the model is the one that the detector was made for.
void require_model(const Detector& detector, const Model& model);

/// What the parts of a detector of rows (of classifiers, or of densities of features) say of rows of features, a view
/// for each member: classifiers probabilities, or logits. Throws InvalidArgument when its tensors do not fit.
std::vector<std::vector<double>> said_by_parts(const Detector& detector,
                                               std::span<const FeatureView> rows, bool as_logits);

/// The scores of rows of features, of a detector of rows; as `said_by_parts`.
std::vector<double> score_rows(const Detector& detector, std::span<const FeatureView> rows);

/// The parts of a detector, each a function of what one of the model's members says of images. Throws InvalidArgument
/// as `load_score_function`.
std::vector<std::unique_ptr<ScoreFunction>> load_parts(const Detector& detector,
                                                       const AutoencoderSpec& spec);

}  // namespace gradspace
