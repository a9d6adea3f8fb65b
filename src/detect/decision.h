// From what the parts of a detector say of images, one part a member, to its scores.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "gradspace/classifier.h"
#include "gradspace/detector.h"
#include "gradspace/one_class.h"

namespace gradspace {

class Decision {
 public:
  explicit Decision(const Detector& detector);

  /// Whether a classifier's parts are to say logits; else probabilities, which are the scores themselves.
  bool takes_logits() const { return takes_logits_; }

  /// `parts`: what each part says of the same images, at least one. Throws InvalidArgument when they are of
  /// different numbers.
  std::vector<double> scores(std::span<const std::vector<double>> parts) const;

 private:
  bool takes_logits_;
  TwoSided two_sided_;
};

/// The parts' means, image by image.
std::vector<double> means_of(std::span<const std::vector<double>> parts);

/// One of a detector's parts as a detector by itself, of one member; without calibration, and of one side.
Detector part_of(const Detector& detector, std::size_t member);

/// The scores of rows of features, a view for each member, of a detector of rows: of classifiers, or of densities of
/// features. Throws InvalidArgument when its tensors do not fit.
std::vector<double> score_rows(const Detector& detector, std::span<const FeatureView> rows);

/// The parts of a detector, each a function of what one of the model's members says of images. Throws InvalidArgument as
/// `load_score_function`.
std::vector<std::unique_ptr<ScoreFunction>> load_parts(const Detector& detector,
                                                       const AutoencoderSpec& spec);

}  // namespace gradspace
