// Pictures of the frames that raised alarms, as many as may be kept.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/photograph.h"
#include "monitor/clock.h"

namespace gradspace::monitor {

/// An image with the map of where it is out of distribution laid over it, or as it is where there is no map.
Image with_map(const Image& frame, const PhotographScore& score,
               const std::optional<Tiling>& tiling);

/// Thread-safe.
class Snapshots {
 public:
  struct Limits {
    std::size_t count = 0;
    std::uint64_t bytes = 0;
  };
  /// What lies in the folder already is counted; the folder is made with the first picture.
  Snapshots(std::filesystem::path folder, const Limits& limits);

  void set_limits(const Limits& limits);

  /// Writes the frame, and its map beside it, as a file that is named after the alarm; removes the oldest ones over the
  /// limits. Returns the file's name; empty where none are wanted, or the disk does not take it.
  std::string save(std::string_view alarm_id, const Image& frame, const PhotographScore& score,
                   const std::optional<Tiling>& tiling, SteadyTime now);
  /// The name of the alarm's picture, where there is one from before.
  std::string find(std::string_view alarm_id) const;
  /// Empty where it is no more there.
  std::vector<std::uint8_t> read(std::string_view name) const;

  /// The disk is full, or does not take pictures.
  bool is_stopped() const { return stopped_; }

 private:
  struct Picture {
    std::string name;
    std::uint64_t bytes = 0;
  };

  bool write(const std::string& name, const std::vector<std::uint8_t>& file);
  void remove_over_limits(std::uint64_t room);

  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  Limits limits_;
  std::deque<Picture> pictures_;  ///< the oldest first
  std::uint64_t bytes_ = 0;
  std::atomic<bool> stopped_{false};
  SteadyTime try_again_ = {};
};

}  // namespace gradspace::monitor
