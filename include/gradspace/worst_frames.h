// The photographs that an evaluation found furthest out, as pictures with their maps, for its report.
#pragma once

#include <filesystem>
#include <span>

#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/fit.h"
#include "gradspace/model.h"
#include "gradspace/source.h"

namespace gradspace {

/// Of a detector that judges photographs by tiles: writes `folder`/frames, for each condition (a challenge and level,
/// or a name) and for the clean images the photographs of the highest scores, three each and 40 in all at most. Each is
/// a picture of two panels of at most 320 pixels a side, the photograph and its map; frames.json lists them with their
/// scores, the first of every condition first. Photographs are read again for it, from the sources that JudgedImage
/// names; those that came without a path (standard input) are left out. Of another detector: takes away a list of an
/// earlier evaluation.
/// `model` may be null for a detector without one. Throws IoError, FormatError; InvalidArgument as PhotographScorer.
GRADSPACE_API void write_worst_frames(const std::filesystem::path& folder, const Model* model,
                                      const Detector& detector,
                                      std::span<const JudgedImage> inliers,
                                      std::span<const JudgedImage> outliers,
                                      const SourceOptions& sources = {});

}  // namespace gradspace
