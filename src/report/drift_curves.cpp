#include "report/drift_curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "gradspace/calibration.h"
#include "gradspace/drift.h"
#include "gradspace/error.h"
#include "results/run_files.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxCurves = 600;
constexpr std::size_t kMaxClean = 2000;  ///< validation images: the exact test takes time
constexpr std::size_t kSmallestWindow = 20;
constexpr std::size_t kLargestWindow = 100;

struct StreamPart {
  int level = 0;
  std::vector<double> scores;
};

/// The clean test images, then the type's levels in their order, each part in random order.
std::vector<StreamPart> stream_of(const ScoreLists& test, const ScoreKey& clean, int type) {
  std::vector<StreamPart> parts{{0, in_random_order(test.at(clean), kCleanPartSeed)}};
  for (auto at = test.lower_bound({clean.method, clean.run, type, 0});
       at != test.end() && at->first.method == clean.method && at->first.run == clean.run &&
       at->first.type == type;
       ++at) {
    parts.push_back({at->first.level, in_random_order(at->second, kCleanPartSeed + parts.size())});
  }
  return parts;
}

/// What all detectors' curves over streams of these lengths have in common, and one detector's own.
struct Replay {
  json stream;
  json curve;
};

Replay replay(DriftMonitor& monitor, const DriftOptions& options,
              const std::vector<StreamPart>& parts) {
  json begins = json::array();
  json image = json::array();
  json allowed = json::array();
  json p_value = json::array();
  json drifted = json::array();
  for (const StreamPart& part : parts) {
    begins.push_back({{"level", part.level}, {"image", monitor.images()}});
    for (const double score : part.scores) {
      if (const std::optional<DriftWindow> window = monitor.add(score)) {
        if (window->drifted) {
          drifted.push_back(p_value.size());
        }
        image.push_back(monitor.images());
        allowed.push_back(rounded(window->level));
        p_value.push_back(rounded(window->p_value));
      }
    }
  }
  return {{{"window", options.window},
           {"false_alarms", options.false_alarms},
           {"begins", std::move(begins)},
           {"image", std::move(image)},
           {"allowed", std::move(allowed)}},
          {{"p_value", std::move(p_value)}, {"drifted", std::move(drifted)}}};
}

/// The place of `stream` in the list; it is added where it is not there yet.
std::size_t place_of(json stream, json& streams) {
  const auto found = std::find(streams.begin(), streams.end(), stream);
  const auto place = static_cast<std::size_t>(found - streams.begin());
  if (found == streams.end()) {
    streams.push_back(std::move(stream));
  }
  return place;
}

/// Validation scores that the stream is compared with.
std::vector<double> known_scores(const std::vector<double>& validation) {
  std::vector<double> known = in_random_order(validation, kKnownSeed);
  known.resize(std::min(known.size(), kMaxClean));
  return known;
}

}  // namespace

std::vector<double> in_random_order(std::span<const double> scores, std::uint64_t seed) {
  std::vector<double> mixed;
  mixed.reserve(scores.size());
  for (const std::uint32_t i : permutation(static_cast<std::uint32_t>(scores.size()), seed)) {
    mixed.push_back(scores[i]);
  }
  return mixed;
}

json drift_curves(const ImageScores& scores, const Conditions& conditions) {
  json streams = json::array();
  json curves = json::array();
  std::string absent =
      "the run kept no scores of clean validation images, which a stream is compared with";
  for (const auto& [key, validation] : scores.validation) {
    const auto clean = scores.test.find(key);
    if (key.run != conditions.runs().front() || clean == scores.test.end()) {
      continue;
    }
    DriftOptions options;
    options.window = std::clamp(clean->second.size() / 6, kSmallestWindow, kLargestWindow);
    const std::vector<double> known = known_scores(validation);
    for (const int type : conditions.types()) {
      const std::vector<StreamPart> parts = stream_of(scores.test, key, type);
      if (parts.size() < 2 || curves.size() == kMaxCurves) {
        continue;
      }
      std::optional<DriftMonitor> monitor;
      try {
        monitor.emplace(Calibration(known), options);
      } catch (const InvalidArgument&) {
        absent = fmt::format(
            "a window of {} images and {} clean validation images are too few to show a drift",
            options.window, known.size());
        continue;
      }
      Replay replayed = replay(*monitor, options, parts);
      replayed.curve["method"] = key.method;
      replayed.curve["type"] = type;
      replayed.curve["stream"] = place_of(std::move(replayed.stream), streams);
      curves.push_back(std::move(replayed.curve));
    }
  }
  json drift = {{"streams", std::move(streams)}, {"curves", std::move(curves)}};
  if (drift["curves"].empty()) {
    drift["absent"] = absent;
  }
  return drift;
}

}  // namespace gradspace
