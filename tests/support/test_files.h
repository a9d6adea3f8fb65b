// Where tests find their data and put their files.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace gradspace::testing {

/// A file under tests/data.
inline std::filesystem::path data_file(const std::string& name) {
  return std::filesystem::path(GRADSPACE_TEST_FILES) / name;
}

/// The folder of large real data ($GRADSPACE_TEST_DATA: `data/`, `golden/`), where there is one.
/// Tests that need it skip by name: GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set".
inline std::optional<std::filesystem::path> shared_data() {
  const char* folder = std::getenv("GRADSPACE_TEST_DATA");
  if (folder == nullptr || !std::filesystem::is_directory(folder)) {
    return std::nullopt;
  }
  return std::filesystem::path(folder);
}

/// A new folder that is removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "gradspace-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      ADD_FAILURE() << "no temporary folder";
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace gradspace::testing
