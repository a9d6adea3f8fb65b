// How soon faults raise their alarm, and how many alarms clean frames raise.
#pragma once

#include <cstdint>
#include <filesystem>

#include "gradspace/monitor.h"

namespace gradspace::bench {

struct DetectionArguments {
  CameraOptions camera;  ///< of all cameras, but for names and seeds
  int cameras = 4;
  int threads = 2;
  std::uint64_t learned_frames = 0;    ///< of all clean cameras together, at first
  std::uint64_t clean_frames = 0;      ///< that follow, in which alarms are false
  int trials = 4;                      ///< of each challenge and level
  std::uint64_t frames_of_fault = 60;  ///< that an alarm is waited for
};

/// Cameras in simulated time, which keep step. Prints what came of it.
void run_detection(const DetectionArguments& arguments, const std::filesystem::path& folder);

}  // namespace gradspace::bench
