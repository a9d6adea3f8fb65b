#include "report/drift_curves.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "gradspace/calibration.h"
#include "gradspace/drift.h"
#include "gradspace/error.h"
#include "report/run_files.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxCurves = 240;
constexpr std::size_t kMaxClean = 2000;  ///< validation images: the exact test takes time
constexpr std::size_t kSmallestWindow = 20;
constexpr std::size_t kLargestWindow = 100;

struct Part {
  int level = 0;
  const std::vector<double>* scores = nullptr;
};

/// The clean test images, then the type's levels in their order.
std::vector<Part> stream_of(const ScoreLists& test, const ScoreKey& clean, int type) {
  std::vector<Part> parts{{0, &test.at(clean)}};
  for (auto at = test.lower_bound({clean.method, clean.run, type, 0});
       at != test.end() && at->first.method == clean.method && at->first.run == clean.run &&
       at->first.type == type;
       ++at) {
    parts.push_back({at->first.level, &at->second});
  }
  return parts;
}

json curve_of(DriftMonitor& monitor, const std::vector<Part>& parts) {
  json begins = json::array();
  json image = json::array();
  json p_value = json::array();
  json allowed = json::array();
  json drifted = json::array();
  for (const Part& part : parts) {
    begins.push_back({{"level", part.level}, {"image", monitor.images()}});
    for (const double score : *part.scores) {
      if (const std::optional<DriftWindow> window = monitor.add(score)) {
        image.push_back(monitor.images());
        p_value.push_back(rounded(window->p_value));
        allowed.push_back(rounded(window->level));
        drifted.push_back(window->drifted);
      }
    }
  }
  return {{"begins", std::move(begins)},
          {"image", std::move(image)},
          {"p_value", std::move(p_value)},
          {"allowed", std::move(allowed)},
          {"drifted", std::move(drifted)}};
}

}  // namespace

json drift_curves(const ImageScores& scores, const Conditions& conditions) {
  json curves = json::array();
  for (const auto& [key, validation] : scores.validation) {
    const auto clean = scores.test.find(key);
    if (key.run != conditions.runs().front() || clean == scores.test.end()) {
      continue;
    }
    DriftOptions options;
    options.window = std::clamp(clean->second.size() / 6, kSmallestWindow, kLargestWindow);
    const std::vector<double> known(
        validation.begin(),
        validation.begin() + static_cast<std::ptrdiff_t>(std::min(validation.size(), kMaxClean)));
    for (const int type : conditions.types()) {
      const std::vector<Part> parts = stream_of(scores.test, key, type);
      if (parts.size() < 2 || curves.size() == kMaxCurves) {
        continue;
      }
      std::optional<DriftMonitor> monitor;
      try {
        monitor.emplace(Calibration(known), options);
      } catch (const InvalidArgument&) {  // too few images for any alarm
        return curves;
      }
      json curve = curve_of(*monitor, parts);
      curve["method"] = key.method;
      curve["type"] = type;
      curve["window"] = options.window;
      curve["false_alarms"] = options.false_alarms;
      curves.push_back(std::move(curve));
    }
  }
  return curves;
}

}  // namespace gradspace
