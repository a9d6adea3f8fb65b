// What programs that use gradspace begin with: models, images and where they come from, gradients,
// detectors, scores and image quality. Training, fitting, feature sets, challenges and reports have
// headers of their own beside this one; research/ holds the experiments.
#pragma once

#include "gradspace/detector.h"
#include "gradspace/error.h"
#include "gradspace/gradient.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/photograph.h"
#include "gradspace/quality.h"
#include "gradspace/quality_scale.h"
#include "gradspace/scorer.h"
#include "gradspace/source.h"
#include "gradspace/version.h"
