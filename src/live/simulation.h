// Cameras made of photographs, for who has no configuration yet.
#pragma once

#include <filesystem>

#include "gradspace/live_module.h"
#include "live/settings.h"

namespace gradspace::live {

/// A folder for as long as the object lives.
class TemporaryFolder {
 public:
  /// Throws IoError.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The settings of simulated cameras. State, and a detector that is fitted where the request names none, go to
/// `folder`. Throws what opening photographs and fitting throw.
Settings simulated_settings(const MonitorRequest& request, const std::filesystem::path& folder);

}  // namespace gradspace::live
