// Bootstrap intervals of the AUROCs that a page shows, out of every image's scores.
#pragma once

#include <nlohmann/json.hpp>

#include "gradspace/results.h"
#include "results/conditions.h"
#include "results/score_curves.h"

namespace gradspace {

/// Adds "auroc_interval": [low, high] to the page's "cells" and to the means of its "table" whose images'
/// scores are all there, and "intervals": {"resamples", "confidence"}. In a resample the same images are drawn
/// for all challenges, levels and runs, as they are the same test images; the images of a set with a name are
/// drawn on their own. So the interval of a mean over conditions is that mean's own.
void add_auroc_intervals(const Results& results, const Conditions& conditions,
                         const ScoreLists& test, nlohmann::json& data);

}  // namespace gradspace
