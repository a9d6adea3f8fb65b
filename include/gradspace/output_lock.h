// One writer an output: who writes a folder, or a file that it comes back to, holds a lock meanwhile, so that a
// second writer is refused before it has spoilt anything. All jobs of the library that continue after a stop take
// one by themselves; a program of yours takes one around several jobs that write to one place.
#pragma once

#include <filesystem>
#include <memory>

#include "gradspace/export.h"

namespace gradspace {

/// A lock (flock) that ends with this object, or with its process, however that ends. Two locks of one output
/// exclude each other within a process, too. On a file system without locks there is none, and nothing is said.
/// One object belongs to one thread at a time; different ones are independent.
class GRADSPACE_API OutputLock {
 public:
  /// Locks a folder, which is made where there is none; nothing is written into it. Throws IoError naming the folder
  /// when somebody holds its lock, or when it can't be made or opened.
  static OutputLock of_folder(const std::filesystem::path& folder);

  /// Locks the name of a file, or of a folder that is put in place whole, whether or not it exists yet; symbolic
  /// links are followed. Meanwhile an empty file whose name begins with ".gradspace.tmp-" lies beside it; after a
  /// kill the next writer in that folder removes it. Pipes and devices, which many may write to, are not locked.
  /// Throws IoError naming the file when somebody holds its lock, or when its folder can't be written.
  static OutputLock of_file(const std::filesystem::path& file);

  ~OutputLock();
  OutputLock(OutputLock&& other) noexcept;
  OutputLock& operator=(OutputLock&& other) noexcept;

 private:
  struct State;
  explicit OutputLock(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
