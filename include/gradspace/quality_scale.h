// Scores of image quality in words that people know: the quality of JPEG that damages a photograph as much, and how
// people would grade that.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gradspace/export.h"

namespace gradspace {

/// How a distortion appears to an average viewer who sees both images side by side at 1:1, in the terms of the
/// impairment scale of ITU-R BT.500. The grades begin at qualities of JPEG (libjpeg, 4:2:0) that the authors of
/// SSIMULACRA 2 found in their study of compressed photographs: 85, 70, 35, 20 and 14.
enum class Impairment {
  kImperceptible,
  kJustNoticeable,  ///< the better half of BT.500's "perceptible, but not annoying"
  kPerceptible,     ///< "perceptible, but not annoying"
  kSlightlyAnnoying,
  kAnnoying,
  kVeryAnnoying,
};

/// Lower case, as it is printed: "just noticeable".
GRADSPACE_API std::string_view impairment_name(Impairment impairment);

/// What a score is equivalent to.
struct QualityEquivalent {
  /// The quality of JPEG of libjpeg's scale, from 5 to 98. Where the score is worse or better than those have, it is 5
  /// or 98.
  double jpeg_quality = 0;
  bool worse = false;   ///< than quality 5
  bool better = false;  ///< than quality 98
  Impairment impairment = Impairment::kImperceptible;

  friend bool operator==(const QualityEquivalent&, const QualityEquivalent&) = default;
};

/// What a score of `metric` is equivalent to. The scale holds the medians over 24 photographs of 768x512 pixels, and is
/// linear between 16 qualities; a better score never has a smaller quality. Scores of `gradient`, `unique` and `accord`
/// are taken to be of the shipped decoder (`has_quality_scale`). Nothing for a metric without a scale; all that are
/// built in have one. Throws InvalidArgument for a metric that is not known, and for a score that is not a number.
/// Thread-safe.
GRADSPACE_API std::optional<QualityEquivalent> quality_equivalent(std::string_view metric,
                                                                  double score);

/// Whether the scale holds for a metric's scores: those of another decoder than the shipped one have none, where the
/// metric uses one. Throws InvalidArgument for a metric that is not known. Thread-safe.
GRADSPACE_API bool has_quality_scale(std::string_view metric, bool of_shipped_decoder);

/// As it is printed: "as JPEG q72", "worse than JPEG q5", "better than JPEG q98". The quality is rounded to a whole
/// number that has the same impairment: 84.7 is "q84", as 85 is imperceptible and 84.7 is not.
GRADSPACE_API std::string jpeg_quality_text(const QualityEquivalent& equivalent);
/// With the impairment: "as JPEG q72, just noticeable".
GRADSPACE_API std::string equivalent_text(const QualityEquivalent& equivalent);

}  // namespace gradspace
