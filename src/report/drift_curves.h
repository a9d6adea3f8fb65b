// A camera that gets worse, replayed: does a stream of scores still look like the clean ones?
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "results/conditions.h"
#include "results/score_curves.h"

namespace gradspace {

/// Scores in random order, the same for every list of one length. A set's own order is by class or by scene, and
/// then a window of clean images is no sample of the clean images.
std::vector<double> in_random_order(std::span<const double> scores, std::uint64_t seed);

/// Seeds of `in_random_order`: of the clean validation images, of the stream's clean part; those after it are of
/// the levels, in their order.
inline constexpr std::uint64_t kKnownSeed = 0;
inline constexpr std::uint64_t kCleanPartSeed = 1;

/// For each detector and type, of the first run: the clean test images, then the challenged ones level by level,
/// the images of each part in random order, compared with the clean validation images window by window
/// (gradspace/drift.h): {"streams": [{"window", "false_alarms", "begins": [{"level", "image"}], "image": [...],
/// "allowed": [...]}], "curves": [{"method", "type", "stream": its place, "p_value": [...], "drifted": [places of
/// the windows that raise an alarm]}]}; level 0 is clean. Where there is no curve, "absent" is a sentence that says
/// why.
nlohmann::json drift_curves(const ImageScores& scores, const Conditions& conditions);

}  // namespace gradspace
