#include "gradspace/output_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "core/descriptor.h"
#include "core/file.h"
#include "core/output_path.h"
#include "core/random.h"
#include "core/unfinished_file.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Who sweeps a folder holds the lock of what it removes for a moment: only who holds one longer is a writer.
constexpr int kLockTrials = 10;
constexpr std::chrono::milliseconds kLockPause{2};

enum class Taken { kYes, kNo, kReplaced };

/// Whether `path` in `folder` still is the file behind the descriptor.
bool is_still(const Descriptor& file, int folder, const std::string& path) {
  struct stat ours = {};
  struct stat there = {};
  return ::fstat(file.get(), &ours) == 0 && ::fstatat(folder, path.c_str(), &there, 0) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/// One try. A lock of what lies there no longer, because its holder removed it meanwhile, is worth nothing.
Taken try_lock(const Descriptor& file, int folder, const std::string& path) {
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return is_still(file, folder, path) ? Taken::kNo : Taken::kReplaced;
  }
  // Another error: a file system without locks.
  return is_still(file, folder, path) ? Taken::kYes : Taken::kReplaced;
}

/// Opens with `open` and locks; empty when somebody else holds the lock. `open` throws what it can't.
template <typename Open>
Descriptor open_locked(int folder, const std::string& path, const Open& open) {
  for (int trial = 0; trial < kLockTrials; ++trial) {
    Descriptor file = open();
    switch (try_lock(file, folder, path)) {
      case Taken::kYes:
        return file;
      case Taken::kNo:
        std::this_thread::sleep_for(kLockPause);
        break;
      case Taken::kReplaced:
        break;
    }
  }
  return {};
}

[[noreturn]] void throw_locked(const std::filesystem::path& output) {
  throw IoError(fmt::format("{}: another process is writing it, or another job of this one",
                            output.string()));
}

/// What many may write to at one time.
bool is_stream(const std::filesystem::path& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

}  // namespace

struct OutputLock::State {
  Descriptor locked;
  Descriptor folder;  ///< of `name`; none where the output itself is locked
  std::string name;

  ~State() {
    // Removed before its lock goes: who has opened it meanwhile finds that it is there no longer.
    if (!name.empty()) {
      ::unlinkat(folder.get(), name.c_str(), 0);
    }
  }
};

OutputLock OutputLock::of_folder(const std::filesystem::path& folder) {
  auto state = std::make_unique<State>();
  make_folder(folder);
  state->locked = open_locked(AT_FDCWD, folder.string(), [&] {
    Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) {
      throw IoError(fmt::format("{}: can't open: {}", folder.string(), last_system_error()));
    }
    return opened;
  });
  if (!state->locked) {
    throw_locked(folder);
  }
  return OutputLock(std::move(state));
}

OutputLock OutputLock::of_file(const std::filesystem::path& file) {
  auto state = std::make_unique<State>();
  if (is_stream(file)) {
    return OutputLock(std::move(state));
  }
  const std::filesystem::path target = follow_links(file);
  const std::filesystem::path folder = target.has_parent_path() ? target.parent_path() : ".";
  const auto throw_not_written = [&]() -> Descriptor {
    throw IoError(fmt::format("{}: can't write: {}", file.string(), last_system_error()));
  };
  state->folder = Descriptor(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!state->folder) {
    throw_not_written();
  }
  const std::string name = unfinished_name(hash_text(target.filename().string()));
  state->locked = open_locked(state->folder.get(), name, [&] {
    constexpr int kFlags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    Descriptor opened(::openat(state->folder.get(), name.c_str(), kFlags, 0666));
    return opened ? std::move(opened) : throw_not_written();
  });
  if (!state->locked) {
    throw_locked(file);
  }
  state->name = name;
  return OutputLock(std::move(state));
}

OutputLock::OutputLock(std::unique_ptr<State> state) : state_(std::move(state)) {}

OutputLock::~OutputLock() = default;
OutputLock::OutputLock(OutputLock&&) noexcept = default;
OutputLock& OutputLock::operator=(OutputLock&&) noexcept = default;

}  // namespace gradspace
