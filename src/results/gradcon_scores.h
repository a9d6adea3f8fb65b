// image_scores.csv of GradCon's experiment, one in the folder of every class and run.
//
// Columns: path, set ("val", "test"), class (the one that is known), label (the image's own), run,
// score, error, cosine. The paths of validation images are left empty.
#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/gradcon_detector.h"

namespace gradspace {

/// The scores that the experiment judges.
inline constexpr std::array<const char*, 3> kGradConMethods = {"gradcon", "reconstruction",
                                                               "gradient"};

/// Images' scores by one of the methods; larger = more out of distribution.
std::vector<double> gradcon_method_scores(std::string_view method,
                                          std::span<const GradConScore> scores);

/// A test image.
struct GradConImage {
  std::string path;
  int label = 0;
  GradConScore score;
};

struct GradConImages {
  std::vector<GradConScore> validation;  ///< of the known class
  std::vector<GradConImage> inliers;
  std::vector<GradConImage> outliers;
};

/// "class_3_run_0", below the experiment's folder.
std::string gradcon_folder_name(int inlier_class, int run);

std::vector<GradConScore> scores_of(std::span<const GradConImage> images);

std::string gradcon_scores_csv(int inlier_class, int run, const GradConImages& images);

/// Throws IoError, FormatError.
GradConImages read_gradcon_scores(const std::filesystem::path& path, int inlier_class);

}  // namespace gradspace
