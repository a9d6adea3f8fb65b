// A camera that gets worse, replayed: does a stream of scores still look like the clean ones?
#pragma once

#include <nlohmann/json.hpp>

#include "results/conditions.h"
#include "results/score_curves.h"

namespace gradspace {

/// For each detector and type, of the first run: the clean test images, then the challenged ones level
/// by level, compared with the clean validation images window by window (gradspace/drift.h):
/// {"streams": [{"window", "false_alarms", "begins": [{"level", "image"}], "image": [...], "allowed":
/// [...]}], "curves": [{"method", "type", "stream": its place, "p_value": [...], "drifted": [places of the
/// windows that raise an alarm]}]}; level 0 is clean. Without curves where there are too few images.
nlohmann::json drift_curves(const ImageScores& scores, const Conditions& conditions);

}  // namespace gradspace
