// AtomicFile of core/file.h.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "core/file.h"
#include "core/output_path.h"
#include "core/text.h"
#include "core/unfinished_file.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// What lies at the target, links followed; nothing where there is nothing.
std::optional<struct stat> status_of(const std::filesystem::path& target) {
  struct stat status = {};
  if (::stat(target.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return status;
}

[[noreturn]] void throw_not_written(const std::filesystem::path& target, std::string_view why) {
  throw IoError(fmt::format("{}: can't write: {}", target.string(), why));
}

/// A pipe or a device such as /dev/null, to which bytes go as they are written.
Descriptor open_stream(const std::filesystem::path& target) {
  // O_NONBLOCK: without a reader, opening a pipe would wait for one.
  Descriptor stream(::open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!stream) {
    throw_not_written(target, errno == ENXIO ? "nobody reads from this pipe" : last_system_error());
  }
  const int flags = ::fcntl(stream.get(), F_GETFL);
  ::fcntl(stream.get(), F_SETFL, flags & ~O_NONBLOCK);
  return stream;
}

/// Reports what closing would, but leaves the file open: its lock must outlive the renaming.
bool close_once(const Descriptor& file) {
  const int copy = ::fcntl(file.get(), F_DUPFD_CLOEXEC, 0);
  return copy < 0 || ::close(copy) == 0;
}

/// A folder to name files in. Opened anew each time: a process may have few descriptors.
Descriptor open_folder(const std::filesystem::path& folder, const std::filesystem::path& target) {
  Descriptor opened(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened) {
    throw_not_written(target, last_system_error());
  }
  return opened;
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  const std::optional<struct stat> there = status_of(target_);
  if (there && (S_ISCHR(there->st_mode) || S_ISFIFO(there->st_mode))) {
    file_ = open_stream(target_);
  } else if (there && !S_ISREG(there->st_mode)) {
    throw_not_written(target_, S_ISDIR(there->st_mode) ? "is a folder"
                                                       : "is neither a file, a pipe nor a stream");
  } else {
    begin_beside(follow_links(target_), there ? there->st_mode & 0777U : 0666U);
    if (there) {
      // As the file that it replaces; who may not give it to the owner goes on without.
      static_cast<void>(::fchown(file_.get(), there->st_uid, there->st_gid) == 0);
      ::fchmod(file_.get(), there->st_mode & 0777U);
    }
  }
}

void AtomicFile::begin_beside(const std::filesystem::path& file, unsigned mode) {
  name_ = file.filename().string();
  if (name_.empty()) {
    throw_not_written(target_, "names no file");
  }
  folder_ = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor folder = open_folder(folder_, target_);
  sweep_unfinished_files(folder, name_);
  UnfinishedFile unfinished = make_unfinished_file(folder, mode, target_.string());
  temporary_ = std::move(unfinished.name);
  file_ = std::move(unfinished.file);
}

AtomicFile::~AtomicFile() {
  remove_unfinished();
}

void AtomicFile::remove_unfinished() {
  if (temporary_.empty()) {
    return;
  }
  const Descriptor folder(::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  ::unlinkat(folder.get(), temporary_.c_str(), 0);
  temporary_.clear();
}

void AtomicFile::write(std::span<const std::uint8_t> bytes) {
  write_all(file_, bytes, target_.string());
}

void AtomicFile::write(std::string_view text) {
  write(bytes_of(text));
}

bool AtomicFile::put_in_place() const {
  const Descriptor folder(::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return folder && ::renameat(folder.get(), temporary_.c_str(), folder.get(), name_.c_str()) == 0;
}

void AtomicFile::commit(Survives survives) {
  const bool stream = temporary_.empty();
  const bool flushed = stream || survives == Survives::kKill || ::fsync(file_.get()) == 0;
  if (!flushed || !close_once(file_) || (!stream && !put_in_place())) {
    const std::string why = last_system_error();
    remove_unfinished();
    throw_not_written(target_, why);
  }
  temporary_.clear();
  file_ = Descriptor();
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                Survives survives) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit(survives);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace gradspace
