// Pictures of newest frames, which many pages ask for at once: each is encoded once in half a second.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "live/monitor_view.h"

namespace gradspace::live {

/// The width that a picture is made at where `width` px are asked for: the next of a few, so that there are few
/// pictures to keep. 0 stays 0, which is the frame's own.
int picture_width(int width);

class FrameCache {
 public:
  using Picture = std::shared_ptr<const std::string>;

  explicit FrameCache(const MonitorView& view) : view_(view) {}

  /// Null where the camera has no frame. May be called from any thread; waits where another one encodes the same.
  Picture get(const std::string& camera, int width, bool map);

 private:
  using Key = std::tuple<std::string, int, bool>;
  struct Entry {
    std::mutex mutex;
    std::chrono::steady_clock::time_point made;
    Picture picture;
  };

  const MonitorView& view_;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
};

}  // namespace gradspace::live
