// The frames of a video as images. A video is read from its begin to its end: a frame is reached over those before it.
// Jobs ask for images in about their order, from several threads, so that several readers go through the video, each
// some frames ahead of another.
#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/source_format.h"
#include "gradspace/error.h"
#include "gradspace/video.h"

namespace gradspace {
namespace {

class VideoSource final : public Source {
 public:
  explicit VideoSource(std::filesystem::path path)
      : path_(std::move(path)), name_(path_.filename().string()) {
    const std::unique_ptr<VideoReader> reader = open_video(path_);
    try {
      while (reader->skip()) {
        ++size_;
      }
    } catch (const FormatError& error) {  // the frames before the damage can be read
      if (size_ == 0) {
        throw;
      }
      skipped_.push_back(error.what());
    }
    if (size_ == 0) {
      throw FormatError(fmt::format("{}: a video without frames", path_.string()));
    }
  }

  SourceKind kind() const override { return SourceKind::kVideo; }
  std::size_t size() const override { return size_; }
  ImageInfo info(std::size_t i) const override {
    ImageInfo info;
    info.path = fmt::format("{}#{}", name_, i);
    return info;
  }
  Image load(std::size_t i) const override {
    Position at = take_reader(i);
    for (; at.next < i; ++at.next) {
      if (!at.reader->skip()) {
        throw_changed(i);
      }
    }
    std::optional<VideoFrame> frame = at.reader->next();
    if (!frame) {
      throw_changed(i);
    }
    ++at.next;
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(at));
    return std::move(frame->image);
  }
  std::vector<std::filesystem::path> files(std::size_t /*i*/) const override { return {path_}; }
  std::span<const std::string> skipped() const override { return skipped_; }

 private:
  struct Position {
    std::unique_ptr<VideoReader> reader;
    std::size_t next = 0;  ///< the frame that it reads next
  };

  /// The reader that has the shortest way to a frame, or a new one.
  Position take_reader(std::size_t i) const {
    {
      const std::lock_guard lock(mutex_);
      auto best = waiting_.end();
      for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
        if (at->next <= i && (best == waiting_.end() || at->next > best->next)) {
          best = at;
        }
      }
      if (best != waiting_.end()) {
        Position taken = std::move(*best);
        waiting_.erase(best);
        return taken;
      }
      if (waiting_.size() >= kMostWaiting) {
        waiting_.pop_front();
      }
    }
    return {open_video(path_), 0};
  }

  [[noreturn]] void throw_changed(std::size_t i) const {
    throw FormatError(
        fmt::format("{}: it had {} frames when it was opened, and has no frame {} now",
                    path_.string(), size_, i));
  }

  static constexpr std::size_t kMostWaiting = 16;

  std::filesystem::path path_;
  std::string name_;
  std::size_t size_ = 0;
  std::vector<std::string> skipped_;
  mutable std::mutex mutex_;
  mutable std::list<Position> waiting_;  ///< readers that no thread uses, the longest unused first
};

}  // namespace

SourceFormat video_format() {
  return {"video", SourceKind::kVideo,
          [](const std::filesystem::path& path, const RandomAccessFile&) { return is_video(path); },
          [](const std::filesystem::path&) { return false; },
          [](const std::filesystem::path& path) -> std::unique_ptr<Source> {
            return std::make_unique<VideoSource>(path);
          }};
}

}  // namespace gradspace
