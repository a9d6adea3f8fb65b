// What GradCon's experiment leaves of a class and run for people to look at, beside detector and
// history: every test image's scores, and pictures of the worst mistakes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/source.h"
#include "results/gradcon_scores.h"

namespace gradspace {

/// Test images with what became of them.
struct JudgedImages {
  std::vector<GradConImage> images;
  std::vector<Image> pictures;        ///< of each, as the model sees it
  std::vector<std::string> failures;  ///< why an image was left out
};

/// An image that can't be read is left out, and named in `failures`.
JudgedImages judge_images(const Model& model, double gradient_weight, const Source& source);

/// The inliers that score highest and the outliers that score lowest, as strips in_N.png and out_N.png
/// (image, its reconstruction, a map of their differences); samples.json says which images they are.
void write_mistakes(const std::filesystem::path& folder, const Model& model,
                    const JudgedImages& inliers, const JudgedImages& outliers);

}  // namespace gradspace
