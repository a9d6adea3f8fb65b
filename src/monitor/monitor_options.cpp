// What is asked of a monitor, checked.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "gradspace/error.h"
#include "gradspace/monitor.h"

namespace gradspace {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr int kMostSide = 65536;
constexpr int kMostFrames = 1'000'000;
constexpr double kMostSeconds = 1e9;
constexpr double kMostRate = 10'000;

bool is_name(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, fits);
}

/// Throws for one field of a camera.
void require(bool is_right, const CameraOptions& camera, const std::string& what) {
  if (!is_right) {
    throw InvalidArgument(fmt::format("camera {}: {}", camera.name, what));
  }
}

void require_seconds(double value, const CameraOptions& camera, const char* field) {
  require(value >= 0 && value <= kMostSeconds, camera,
          fmt::format("{} is {}; 0 to {:.0f} seconds are possible", field, value, kMostSeconds));
}

void check_input(const CameraOptions& camera) {
  const CameraInput& input = camera.input;
  const bool has_address = !input.address.empty();
  require(has_address == (input.kind != CameraInputKind::kPush), camera,
          has_address ? "frames are pushed, there is no address" : "an address is missing");
  const bool needs_size = input.kind == CameraInputKind::kRaw;
  const bool is_size = input.width >= 0 && input.width <= kMostSide && input.height >= 0 &&
                       input.height <= kMostSide;
  require(is_size && (!needs_size || (input.width > 0 && input.height > 0 &&
                                      std::int64_t{input.width} * input.height <= kMaxPixels)),
          camera, fmt::format("a size of {}x{} pixels is not possible", input.width, input.height));
  require(input.frames_per_second >= 0 && input.frames_per_second <= kMostRate, camera,
          fmt::format("frames_per_second is {}; 0 to {:.0f} are possible", input.frames_per_second,
                      kMostRate));
}

void check_alarms(const CameraOptions& camera) {
  const AlarmRules& rules = camera.alarms;
  require(rules.false_alarms_per_day > 0 && std::isfinite(rules.false_alarms_per_day), camera,
          fmt::format("false_alarms_per_day is {}; must be over 0", rules.false_alarms_per_day));
  require(rules.raise_after >= 1 && rules.raise_after <= rules.raise_within &&
              rules.raise_within <= kMostFrames,
          camera,
          fmt::format("an alarm after {} of {} frames; at least 1, and no more than there are, are "
                      "possible",
                      rules.raise_after, rules.raise_within));
  require(rules.clear_after >= 1 && rules.clear_after <= kMostFrames, camera,
          fmt::format("clear_after is {}; 1 to {} are possible", rules.clear_after, kMostFrames));
  require_seconds(rules.at_least_s, camera, "at_least_s");
  require_seconds(rules.silent_after_s, camera, "silent_after_s");
}

void check_camera(const CameraOptions& camera) {
  if (!is_name(camera.name)) {
    throw InvalidArgument(fmt::format(
        "monitor: a camera's name has 1 to {} of letters, digits, '-' and '_', not \"{}\"",
        kLongestName, camera.name));
  }
  require(!camera.detector.empty(), camera, "a detector is missing");
  check_input(camera);
  check_alarms(camera);
  require_seconds(camera.drift_every_s, camera, "drift_every_s");
  try {
    camera.drift.validate();
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(fmt::format("camera {}: {}", camera.name, error.what()));
  }
}

}  // namespace

void MonitorOptions::validate() const {
  if (cameras.empty()) {
    throw InvalidArgument("monitor: there is no camera");
  }
  if (folder.empty()) {
    throw InvalidArgument("monitor: a folder for what is kept is missing");
  }
  if (threads < 0) {
    throw InvalidArgument(
        fmt::format("monitor: threads is {}; must be 1 or more, or 0 for all cores", threads));
  }
  std::set<std::string> names;
  std::string standard_input;
  for (const CameraOptions& camera : cameras) {
    check_camera(camera);
    require(names.insert(camera.name).second, camera, "another one has this name");
    if (camera.input.address == "-") {
      require(standard_input.empty(), camera,
              fmt::format("camera {} reads the standard input already", standard_input));
      standard_input = camera.name;
    }
  }
}

}  // namespace gradspace
