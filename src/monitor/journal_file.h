// A file of lines that only grows, written so that after a kill at any moment every line in it is whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "core/descriptor.h"

namespace gradspace::monitor {

/// For one thread at a time. While the disk does not take lines, it is asked again with every call.
class JournalFile {
 public:
  /// Opens the file, or makes it; what a kill or a full disk has left of a last line is cut off. Where that fails, the
  /// first `append` tries again.
  explicit JournalFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  /// Bytes.
  std::uint64_t size() const { return size_; }

  /// Writes a line, which has no line feed. False when the disk does not take it: then nothing of it is there.
  bool append(std::string_view line);
  /// Waits until the disk has all lines, so that they survive a loss of power. False where that fails.
  bool flush();
  /// Lets the file be what now lies under its name.
  void reopen();

  /// Calls `on_line` for the lines of a file, from the first that begins at `from` or later on. Nothing where there is
  /// no such file. A line of over 1 MiB is left out. Throws IoError.
  static void read(const std::filesystem::path& path, std::uint64_t from,
                   const std::function<void(std::string_view)>& on_line);

 private:
  bool open();

  std::filesystem::path path_;
  Descriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace gradspace::monitor
