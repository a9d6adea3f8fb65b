// Scores in the place of gradients, so that they go the same way: into a feature set of two columns.
#pragma once

#include <memory>
#include <vector>

#include "gradspace/detector.h"
#include "gradspace/gradient.h"
#include "gradspace/model.h"

namespace gradspace {

/// "score", "p_value": a column each.
std::vector<FeatureBlock> score_blocks();

/// Throws InvalidArgument for a detector whose scores can't be made so: of photographs by their tiles, of no model, of
/// another model, or of images of another decoding.
void require_scoring(const Detector& detector, const Model& model);

/// Scores images of the model's size. Neither need outlive it. Throws InvalidArgument when they do not fit together,
/// or for instructions that the processor lacks.
std::unique_ptr<GradientBackend> make_score_backend(const Model& model, const Detector& detector,
                                                    InstructionSet instructions);

}  // namespace gradspace
