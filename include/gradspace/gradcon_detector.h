// GradCon's detector (gradcon.h: how its model is trained). The score of an image is its own
//   E - weight * cos(its own g, m);  larger = more out of distribution,
// with E the mean squared error of its reconstruction from z = mu, g its gradient by the decoder's
// weights and m the model's mean gradients.
//
// As a one-class method it is "gradcon": `fit_one_class` calibrates it, `score`, `drift` and `evaluate`
// take it, with the paper's weight. The functions here are for other weights, and for the file that holds
// a model and its detector in one: `read_model` and `read_detector` read it too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/model.h"
#include "gradspace/one_class.h"

namespace gradspace {

/// The paper's weight of the gradient in the score: four times that in training.
inline constexpr double kGradConWeight = 0.12;

struct GradConScore {
  double score = 0;   ///< error - weight * cosine
  double error = 0;   ///< mean squared error of the pixels
  double cosine = 0;  ///< mean over the decoder's layers, -1 to 1
};

/// Of what was observed with `ObservationNeeds::alignment`.
GRADSPACE_API std::vector<GradConScore> gradcon_scores(const Observations& observations,
                                                       double gradient_weight = kGradConWeight);

/// Observes images of the model's input extent, [n, H, W, C], for these scores, on all cores. Throws
/// InvalidArgument for a model without mean gradients.
GRADSPACE_API Observations observe_alignment(const Model& model,
                                             std::span<const std::uint8_t> images_u8_nhwc);

/// Calibrated on clean images that the model was not trained on. The threshold is at 5 % of false
/// alarms, or with fewer than 19 images at the least rate that they allow.
GRADSPACE_API Detector gradcon_detector(const Model& model,
                                        std::span<const std::uint8_t> clean_images_u8_nhwc);

/// Of the clean images of such a detector, in their order. Throws InvalidArgument for another detector.
GRADSPACE_API std::vector<GradConScore> clean_scores(const Detector& detector,
                                                     double gradient_weight = kGradConWeight);

/// The threshold at which a clean image is called out of distribution with a probability of at most
/// `false_alarms`, by `calibrate_threshold` on those images. Throws as that does.
GRADSPACE_API double calibrated_threshold(const Detector& detector, double false_alarms,
                                          double gradient_weight = kGradConWeight);

/// One `.safetensors` with kind "gradcon" for a model and what `gradcon_detector` made of it. Throws
/// IoError; InvalidArgument when the model has no mean gradients. (The model's fingerprint, to which the
/// detector that is read back is bound, is the file's SHA-256.)
GRADSPACE_API void write_gradcon(const std::filesystem::path& path, const Model& model,
                                 const Detector& detector);

}  // namespace gradspace
