// results.json and results.csv of GradCon's benchmark: a row a score, class and run.
#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/gradcon_detector.h"
#include "gradspace/gradcon_results.h"

namespace gradspace {

/// The scores that the benchmark judges.
inline constexpr std::array<const char*, 3> kGradConMethods = {"gradcon", "reconstruction",
                                                               "gradient"};

/// An image's score by one of the methods; larger = more out of distribution.
double gradcon_method_score(std::string_view method, const GradConScore& score);
std::vector<double> gradcon_method_scores(std::string_view method,
                                          std::span<const GradConScore> scores);

struct GradConResults {
  std::vector<GradConBenchmarkRow> rows;
  std::string options_json = "{}";  ///< as in Results
  std::string record_json = "{}";
};

/// Writes both files into `folder`, which must exist; each is replaced as a whole.
void write_gradcon_results(const std::filesystem::path& folder, const GradConResults& results);

/// Reads `results.json`. Throws IoError, FormatError (also for a newer format version).
GradConResults read_gradcon_results(const std::filesystem::path& path);

}  // namespace gradspace
