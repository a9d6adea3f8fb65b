// Drift, fed with scores.
#include "gradspace/drift.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "capi/objects.h"

namespace gradspace::capi {
namespace {

class DriftObject : public Object {
 public:
  static constexpr const char* kKind = "drift monitor";

  DriftObject(Calibration clean, const DriftOptions& options)
      : Object(kKind), monitor_(std::move(clean), options), options_(options) {}

  /// All of the scores, or none. Returns how many windows they filled.
  std::size_t add(const double* scores, std::size_t count, gradspace_drift_window* windows,
                  std::size_t capacity) {
    const std::uint64_t to_fill = windows_filled_by(count);
    if (to_fill > capacity) {
      throw InvalidArgument(
          fmt::format("{} scores fill {} windows, there is room for {}", count, to_fill, capacity));
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (std::isnan(scores[i])) {
        throw InvalidArgument(fmt::format("score {} is NaN", i));
      }
    }
    std::size_t filled = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (const std::optional<DriftWindow> window = monitor_.add(scores[i])) {
        windows[filled++] = window_of(*window);
      }
    }
    return filled;
  }

 private:
  std::uint64_t windows_filled_by(std::size_t count) const {
    const std::uint64_t images = monitor_.images() + count;
    return images < options_.reference
               ? 0
               : (images - options_.reference) / options_.window - monitor_.windows();
  }

  static gradspace_drift_window window_of(const DriftWindow& window) {
    gradspace_drift_window result = {};
    result.number = window.number;
    result.first_image = window.first_image;
    result.statistic = window.statistic;
    result.p_value = window.p_value;
    result.level = window.level;
    result.median_score = window.median_score;
    result.drifted = window.drifted ? 1 : 0;
    return result;
  }

  DriftMonitor monitor_;
  DriftOptions options_;
};

DriftOptions settings_of(const gradspace_drift_options& options) {
  DriftOptions result;
  if (options.window != 0) {
    result.window = options.window;
  }
  if (options.false_alarms != 0) {
    result.false_alarms = options.false_alarms;
  }
  result.reference = options.reference;
  return result;
}

}  // namespace
}  // namespace gradspace::capi

using namespace gradspace::capi;  // NOLINT(google-build-using-namespace): C functions have none

extern "C" {

gradspace_status gradspace_drift_new(const gradspace_detector* detector,
                                     const gradspace_drift_options* options,
                                     gradspace_drift** drift) {
  return guarded("gradspace_drift_new", [&] {
    const gradspace::DriftOptions settings =
        settings_of(known_options_or_none(options, sizeof(gradspace_drift_options)));
    gradspace::Calibration clean;
    if (detector != nullptr || settings.reference == 0) {
      clean = find<DetectorObject>(detector)->value.calibration;
    }
    require(drift, "the place for the handle");
    give<DriftObject>(drift, std::move(clean), settings);
  });
}

gradspace_status gradspace_drift_add(gradspace_drift* drift, const double* scores, size_t count,
                                     gradspace_drift_window* windows, size_t capacity,
                                     size_t* filled) {
  return guarded("gradspace_drift_add", [&] {
    const std::shared_ptr<DriftObject> object = find<DriftObject>(drift);
    require_count(count);
    if (count > 0) {
      require(scores, "scores");
    }
    if (capacity > 0) {
      require(windows, "windows");
    }
    require(filled, "filled");
    const Exclusive alone(*object);
    *filled = object->add(scores, count, windows, capacity);
  });
}

}  // extern "C"
