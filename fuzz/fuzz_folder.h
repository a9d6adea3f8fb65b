// For readers that take a path: a folder in memory where the file under test lies.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>

#include "core/file.h"

namespace gradspace {

/// One a process, removed at its end.
class FuzzFolder {
 public:
  FuzzFolder() {
    const std::string memory = "/dev/shm";
    path_ = (std::filesystem::is_directory(memory) ? memory : std::string("/tmp")) +
            "/gradspace-fuzz-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) {
      std::abort();
    }
  }
  ~FuzzFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  FuzzFolder(const FuzzFolder&) = delete;
  FuzzFolder& operator=(const FuzzFolder&) = delete;

  /// Writes the file anew; its path.
  std::filesystem::path put(const std::string& name, std::span<const std::uint8_t> content) const {
    std::filesystem::path file = std::filesystem::path(path_) / name;
    AtomicFile writer(file);
    writer.write(content);
    writer.commit(Survives::kKill);
    return file;
  }

  std::filesystem::path path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace gradspace
