// From pictures to verdicts: model, gradients and detector in one object, for use beside a camera.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/gradient.h"
#include "gradspace/image.h"
#include "gradspace/model.h"

namespace gradspace {

struct ImageScore {
  /// Larger = further out of distribution; a classifier's is P(OOD), 0 to 1, a two-sided one's the distance from the
  /// middle (two_sided.h).
  double score = 0;
  double p_value = 1;  ///< among the detector's clean images; 1 where it holds none
  /// Reconstruction loss, summed over pixels, and latent loss: of several members, their means.
  float bce = 0;
  float kld = 0;
  bool out_of_distribution = false;  ///< score > the detector's threshold
  double error = 0;   ///< of GradCon's detector: mean squared error of the pixels; else 0
  double cosine = 0;  ///< of GradCon's detector (gradcon_detector.h); else 0
};

/// How files are decoded for a detector: as it says, else as the model does that it was made for (null where it needs
/// none), else exactly. Throws InvalidArgument where detector and model say otherwise.
GRADSPACE_API Decoding decoding_of(const Detector& detector, const Model* model);

/// Throws InvalidArgument, after "`what`: ", for a model that was trained on images of fast decoding: for what looks at
/// photographs at their own resolution.
GRADSPACE_API void require_exact_decoding(const Model& model, const std::string& what);

struct ScorerOptions {
  InstructionSet instruction_set = InstructionSet::kBest;  ///< of the native engine
};

/// Keeps the memory it works in from call to call. For one thread at a time; make one a thread.
class GRADSPACE_API Scorer {
 public:
  /// Scores on the native engine. Throws InvalidArgument when the detector was made for another model
  /// (`fingerprint`) or does not fit this one, when either does not validate, or for an instruction
  /// set that this processor lacks. Of a model with several members the scorer holds an engine a member. Neither
  /// needs to outlive the scorer.
  Scorer(const Model& model, const Detector& detector, const ScorerOptions& options = {});
  /// Scores on other backends, made for each of the model's members that the detector looks at, with the blocks
  /// that it looks at of that member. Throws InvalidArgument as well when one computes other features.
  Scorer(const Model& model, const Detector& detector, const MemberBackendFactory& make_backend);
  /// For a detector that needs no model: bce and kld of its scores are 0. Throws InvalidArgument when it needs one, or
  /// does not validate.
  explicit Scorer(const Detector& detector);
  ~Scorer();
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;

  /// What the model takes: images of any other size and number of channels are fitted to it.
  const Extent& input() const;

  /// An image of any size, grey or colour. Throws InvalidArgument when the model takes other than 1 or
  /// 3 channels.
  ImageScore score(const ImageView& image);
  /// Several at a time, which the engine works on together; scores into `scores`, which are as many.
  void score(std::span<const ImageView> images, std::span<ImageScore> scores);

  /// Images that have the model's input extent already, such as a FixedSizeReader or
  /// Source::load_fitted gives: HWC bytes, one after the other. Throws InvalidArgument when they are no
  /// whole number of images, or `scores` are not as many. No images have no scores.
  void score_fitted(std::span<const std::uint8_t> images_u8_nhwc, std::span<ImageScore> scores);
  std::vector<ImageScore> score_fitted(std::span<const std::uint8_t> images_u8_nhwc);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
