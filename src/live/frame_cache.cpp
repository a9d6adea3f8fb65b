#include "live/frame_cache.h"

#include <algorithm>
#include <array>

namespace gradspace::live {

int picture_width(int width) {
  constexpr std::array kWidths = {160, 320, 480, 640, 960, 1280, 1920, 4096};
  if (width == 0) {
    return 0;
  }
  const auto* const next = std::ranges::lower_bound(kWidths, width);
  return next == kWidths.end() ? kWidths.back() : *next;
}

FrameCache::Picture FrameCache::get(const std::string& camera, int width, bool map) {
  constexpr std::chrono::milliseconds kFresh{500};
  constexpr std::size_t kMostEntries = 256;
  const Key key{camera, picture_width(width), map};
  std::shared_ptr<Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(entries_, [&](const auto& other) {
      // Nobody else can take hold of it meanwhile, and who holds it goes on with it.
      return other.second.use_count() == 1 && now - other.second->made > 10 * kFresh;
    });
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      entry = found->second;
    } else {
      entry = std::make_shared<Entry>();
      if (entries_.size() < kMostEntries) {
        entries_.emplace(key, entry);
      }
    }
  }
  const std::lock_guard lock(entry->mutex);
  const auto now = std::chrono::steady_clock::now();
  if (entry->picture == nullptr || now - entry->made > kFresh) {
    const std::vector<std::uint8_t> file = view_.newest_frame_jpeg(camera, std::get<1>(key), map);
    entry->picture =
        file.empty() ? nullptr : std::make_shared<const std::string>(file.begin(), file.end());
    entry->made = now;
  }
  return entry->picture;
}

}  // namespace gradspace::live
