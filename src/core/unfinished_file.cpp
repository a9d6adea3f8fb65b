#include "core/unfinished_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::string_view kUnfinishedPrefix = ".gradspace.tmp-";
constexpr std::size_t kUnfinishedDigits = 16;
constexpr std::string_view kHexadecimal = "0123456789abcdef";
constexpr std::string_view kDecimal = "0123456789";
/// Sixty-four random bits are taken already so often only where something is wrong.
constexpr int kUnfinishedTrials = 100;

struct CloseListing {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::string random_name() {
  std::uint64_t bits = 0;
  while (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
  }
  return unfinished_name(bits);
}

/// The name that a file was to get whose writer, of a version before 0.2, called it "NAME.tmp-PID-COUNT"
/// meanwhile; empty for other files.
std::string_view target_of_old_name(std::string_view name) {
  constexpr std::string_view kMark = ".tmp-";
  const std::size_t mark = name.rfind(kMark);
  if (mark == std::string_view::npos || mark == 0) {
    return {};
  }
  const std::string_view numbers = name.substr(mark + kMark.size());
  const std::size_t dash = numbers.find_first_not_of(kDecimal);
  if (dash == std::string_view::npos || dash == 0 || numbers[dash] != '-' ||
      dash + 1 == numbers.size() ||
      numbers.find_first_not_of(kDecimal, dash + 1) != std::string_view::npos) {
    return {};
  }
  return name.substr(0, mark);
}

/// Takes the lock of a file that was just made. False when somebody who sweeps was faster.
bool is_held(const Descriptor& file) {
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno != EWOULDBLOCK;  // a file system without locks: nobody sweeps there
  }
  struct stat status = {};
  return ::fstat(file.get(), &status) == 0 && status.st_nlink > 0;
}

/// Removes the file unless somebody holds its lock.
void remove_if_abandoned(const Descriptor& folder, const std::string& name) {
  const Descriptor file(
      ::openat(folder.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status = {};
  if (file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
    ::unlinkat(folder.get(), name.c_str(), 0);
  }
}

std::vector<std::string> names_in(const Descriptor& folder) {
  std::vector<std::string> names;
  const int listed = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseListing> listing(listed < 0 ? nullptr : ::fdopendir(listed));
  if (listing == nullptr) {
    if (listed >= 0) {
      ::close(listed);
    }
    return names;
  }
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (is_unfinished_name(name) || !target_of_old_name(name).empty()) {
      names.emplace_back(name);
    }
  }
  return names;
}

/// Tells folders apart, also from those that are gone and whose numbers are used again: device, number in it,
/// and the time when the folder was made, where the file system keeps it.
using FolderKey = std::array<std::uint64_t, 4>;

std::optional<FolderKey> key_of(const Descriptor& folder) {
  struct statx status = {};
  if (::statx(folder.get(), "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) != 0) {
    return std::nullopt;
  }
  return FolderKey{(std::uint64_t{status.stx_dev_major} << 32) | status.stx_dev_minor,
                   status.stx_ino, static_cast<std::uint64_t>(status.stx_btime.tv_sec),
                   status.stx_btime.tv_nsec};
}

/// What the folders that were swept still hold of old versions: names by folder.
struct Swept {
  std::mutex mutex;
  std::map<FolderKey, std::vector<std::string>> old_names;
};

Swept& swept_folders() {
  static Swept swept;
  return swept;
}

}  // namespace

std::string unfinished_name(std::uint64_t number) {
  return fmt::format("{}{:016x}", kUnfinishedPrefix, number);
}

bool is_unfinished_name(std::string_view name) {
  return name.size() == kUnfinishedPrefix.size() + kUnfinishedDigits &&
         name.starts_with(kUnfinishedPrefix) &&
         name.find_first_not_of(kHexadecimal, kUnfinishedPrefix.size()) == std::string_view::npos;
}

UnfinishedFile make_unfinished_file(const Descriptor& folder, unsigned mode,
                                    const std::string& path) {
  for (int trial = 0; trial < kUnfinishedTrials; ++trial) {
    std::string name = random_name();
    Descriptor file(
        ::openat(folder.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (file && is_held(file)) {
      return {std::move(name), std::move(file)};
    }
    if (!file && errno != EEXIST) {
      break;
    }
  }
  throw IoError(fmt::format("{}: can't write: {}", path, last_system_error()));
}

void sweep_unfinished_files(const Descriptor& folder, const std::string& name) {
  const std::optional<FolderKey> key = key_of(folder);
  if (!key) {
    return;
  }
  Swept& swept = swept_folders();
  const std::scoped_lock lock(swept.mutex);
  const auto [entry, is_new] = swept.old_names.try_emplace(*key);
  if (is_new) {
    for (std::string& found : names_in(folder)) {
      if (is_unfinished_name(found)) {
        remove_if_abandoned(folder, found);
      } else {
        entry->second.push_back(std::move(found));
      }
    }
  }
  std::erase_if(entry->second, [&](const std::string& old_name) {
    const bool ours = target_of_old_name(old_name) == name;
    if (ours) {
      remove_if_abandoned(folder, old_name);
    }
    return ours;
  });
}

void sweep_unfinished_files(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (opened) {
    sweep_unfinished_files(opened, "");
  }
}

}  // namespace gradspace
