// Every image's scores, condensed for a page: for each detector a list of thresholds, and for each
// condition how many images score up to each of them. At these thresholds the rates are exact.
#pragma once

#include <compare>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "results/conditions.h"

namespace gradspace {

/// Of images of clean sets, in ScoreKey.
inline constexpr int kCleanType = -1;

/// Where a list of scores belongs.
struct ScoreKey {
  int method = 0;  ///< its place in Conditions::methods()
  int run = 0;
  int type = kCleanType;
  int level = 0;  ///< 0 where levels are averaged, and for clean images

  // NOLINTNEXTLINE(modernize-use-nullptr): the comparison with 0 is the compiler's own
  friend auto operator<=>(const ScoreKey&, const ScoreKey&) = default;
};

using ScoreLists = std::map<ScoreKey, std::vector<double>>;

/// An image of the samples, as samples.json names it: type and level 0 when clean.
struct SampleImage {
  std::string path;
  int type = 0;
  int level = 0;

  friend bool operator<(const SampleImage& a, const SampleImage& b) {
    return std::tie(a.path, a.type, a.level) < std::tie(b.path, b.type, b.level);
  }
};

struct SampleScores {
  std::map<int, double> by_method;  ///< of run 0
  double bce = 0;
  double kld = 0;
};

struct ImageScores {
  ScoreLists test;        ///< of all runs
  ScoreLists validation;  ///< of clean images alone, of the runs whose curves a page can hold
  std::map<SampleImage, SampleScores> samples;
};

/// Reads image_scores.csv; keeps what `conditions` shows, and the scores of the images asked for. Throws IoError,
/// FormatError.
ImageScores read_image_scores(const std::filesystem::path& path, const Conditions& conditions,
                              const std::vector<SampleImage>& samples);

/// The threshold at which `accuracy` (balanced, by type and level) comes out of the scores: 0.5 where
/// it does, else the lowest that does.
std::optional<double> threshold_of(const ScoreLists& scores, int method, int run,
                                   const std::map<std::pair<int, int>, double>& accuracy);

/// At most `count` thresholds, ascending: all distinct scores where they are few, else quantiles of
/// the clean and of the other scores in equal parts. The largest score and `threshold` are among them.
std::vector<double> stops_of(std::vector<double> clean, std::vector<double> others,
                             std::size_t count, std::optional<double> threshold);

/// How many of `scores` (any order) lie in (-inf, stops[0]], (stops[0], stops[1]], ...
std::vector<std::uint32_t> counts_up_to(std::vector<double> scores,
                                        const std::vector<double>& stops);

/// The threshold of a method (its place in Conditions::methods()) and run, where it is known.
using ThresholdFinder = std::function<std::optional<double>(int method, int run)>;

/// More thresholds than these a curve doesn't need.
inline constexpr std::size_t kMaxStops = 1024;

/// [{"method", "run", "threshold", "stops": base64 of doubles, "series": [{"type", "level", "n",
/// "counts": base64 of LEB128 numbers}]}]; type -1 is the clean test set. Of as many runs as a page can hold.
nlohmann::json score_curves(const ScoreLists& scores, const Conditions& conditions,
                            const ThresholdFinder& threshold, std::size_t most_stops = kMaxStops);

/// Rates of false alarms asked for, calibrated on clean validation images, and seen on the clean test
/// set: [{"method", "run", "n", "asked": [...], "seen": [...]}].
nlohmann::json calibration_curves(const ImageScores& scores);

}  // namespace gradspace
