// Bootstrap intervals of the AUROCs that a page shows, out of every image's scores.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "gradspace/results.h"
#include "results/conditions.h"
#include "results/score_curves.h"

namespace gradspace {

/// Adds "auroc_interval": [low, high] to the page's "cells" and to the means of its "table" whose images'
/// scores are all there, and "intervals": {"resamples", "confidence", "runs"}, the last of which tells whether those of
/// the table are over runs, too. In a resample the same images are drawn for all challenges, levels and runs, as they
/// are the same test images; the images of a set with a name are drawn on their own. So the interval of a mean over
/// conditions is that mean's own. Where the results have intervals of means, over images and runs, the table has those.
void add_auroc_intervals(const Results& results, const Conditions& conditions,
                         const ScoreLists& test, nlohmann::json& data);

/// A class and a run of GradCon's experiment, and its test images' scores by ScoreKey: clean ones under kCleanType, the
/// others under type 0.
struct ClassTest {
  int type = 0;  ///< the class
  int run = 0;
  ScoreLists test;
};

/// The same of GradCon's experiment, which has no cells. The methods are judged on the same images in a resample, and
/// so are the runs; each class has a test of its own, whose images are drawn on their own.
void add_class_auroc_intervals(const Results& results, const Conditions& conditions,
                               const std::vector<ClassTest>& tests, nlohmann::json& data);

}  // namespace gradspace
