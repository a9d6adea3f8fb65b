// A folder that image files come into: written in place, or renamed into it.
#include <dirent.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "core/descriptor.h"
#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "monitor/frame_reader.h"

namespace gradspace::monitor {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kFileIsWhole = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr std::uint32_t kFolderIsGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr std::chrono::seconds kLongWait{60};
/// Times of files lag behind the clock by as much as this.
constexpr std::chrono::milliseconds kCoarseTimes{20};
/// More than the kernel keeps of events.
constexpr std::size_t kManyNames = 40'000;
/// The last files are remembered.
constexpr std::size_t kGiven = 64;

/// Names that begin with a dot are those of files which are not whole yet, as rsync and our own AtomicFile call them.
bool may_be_frame(std::string_view name) {
  return !name.empty() && !name.starts_with('.') && has_image_extension(fs::path(name));
}

MonitorTime time_of(const timespec& time) {
  return MonitorTime(std::chrono::duration_cast<MonitorTime::duration>(
      std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
}

class FolderFrames final : public FrameReader {
 public:
  FolderFrames(const CameraInput& input, const ReaderSurroundings& surroundings)
      : folder_(input.address),
        surroundings_(surroundings),
        sampler_(input.frames_per_second),
        begin_(surroundings.clock.steady()),
        events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    // The folder is watched before it is listed, so that no file comes in between.
    if (!events_ ||
        ::inotify_add_watch(events_.get(), folder_.c_str(),
                            kFileIsWhole | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) < 0) {
      throw IoError(
          fmt::format("{}: can't watch this folder: {}", folder_.string(), last_system_error()));
    }
    seen_ = surroundings.since.value_or(surroundings.clock.now());
    if (surroundings.since) {
      list_since(*surroundings.since);
    }
  }

  std::optional<LiveFrame> next() override {
    for (;;) {
      while (!names_.empty()) {
        const std::string name = std::move(names_.front());
        names_.pop_front();
        if (was_given(name)) {
          continue;
        }
        LiveFrame frame = surroundings_.frame_now();
        if (sampler_.wants(in_seconds(frame.read - begin_))) {
          frame.file = folder_ / name;
          frame.name = name;
          return frame;
        }
      }
      if (surroundings_.stop.requested()) {
        return std::nullopt;
      }
      if (gone_) {
        throw IoError(fmt::format("{}: the folder has gone", folder_.string()));
      }
      if (surroundings_.stop.wait_readable(events_.get(), kLongWait)) {
        read_events();
      }
    }
  }
  bool is_live() const override { return true; }

 private:
  /// What tells a file from another one, and from itself when it has been written again.
  struct FileIdentity {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    MonitorTime changed;

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
  };

  /// Whether the file was given before: who renames a file and closes it then makes two events of one file.
  bool was_given(const std::string& name) {
    struct stat status = {};
    if (::stat((folder_ / name).c_str(), &status) != 0) {
      return false;
    }
    const FileIdentity file = {status.st_ino, status.st_size, time_of(status.st_mtim)};
    if (std::ranges::find(given_, file) != given_.end()) {
      return true;
    }
    given_.push_back(file);
    if (given_.size() > kGiven) {
      given_.pop_front();
    }
    return false;
  }

  /// Reads events until there are none, or many names wait.
  void read_events() {
    bool overflown = false;
    while (names_.size() < kManyNames) {
      const MonitorTime before = surroundings_.clock.now();
      if (!read_some_events(overflown)) {
        if (overflown) {
          list_since(seen_ - kCoarseTimes);
        }
        seen_ = before;
        return;
      }
    }
  }

  /// False when there are none.
  bool read_some_events(bool& overflown) {
    alignas(inotify_event) std::array<char, 1 << 16> buffer;
    const ssize_t got = ::read(events_.get(), buffer.data(), buffer.size());
    for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(inotify_event)) <= got;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* const name = buffer.data() + at + sizeof event;
      overflown = overflown || (event.mask & IN_Q_OVERFLOW) != 0;
      gone_ = gone_ || (event.mask & kFolderIsGone) != 0;
      if ((event.mask & kFileIsWhole) != 0 && (event.mask & IN_ISDIR) == 0 && event.len > 0 &&
          may_be_frame(name)) {
        names_.emplace_back(name);
      }
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
    return got > 0;
  }

  /// The files that have come or changed since then, in the order in which they did, behind those known already.
  void list_since(MonitorTime since) {
    std::vector<std::pair<MonitorTime, std::string>> found;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(folder_.c_str()), ::closedir);
    if (folder == nullptr) {
      return;  // an event tells that it has gone
    }
    while (const dirent* entry = ::readdir(folder.get())) {
      struct stat status = {};
      if (may_be_frame(entry->d_name) &&
          ::fstatat(::dirfd(folder.get()), entry->d_name, &status, 0) == 0 &&
          S_ISREG(status.st_mode) && time_of(status.st_ctim) >= since &&
          std::ranges::find(names_, entry->d_name) == names_.end()) {
        found.emplace_back(time_of(status.st_ctim), entry->d_name);
      }
    }
    std::ranges::sort(found);
    for (auto& [time, name] : found) {
      names_.push_back(std::move(name));
    }
  }

  fs::path folder_;
  ReaderSurroundings surroundings_;
  FrameSampler sampler_;
  SteadyTime begin_;
  Descriptor events_;
  std::deque<std::string> names_;  ///< of files that wait
  std::deque<FileIdentity> given_;
  MonitorTime seen_;  ///< all that came before is known
  bool gone_ = false;
};

}  // namespace

std::unique_ptr<FrameReader> open_folder(const CameraInput& input,
                                         const ReaderSurroundings& surroundings) {
  return std::make_unique<FolderFrames>(input, surroundings);
}

}  // namespace gradspace::monitor
