// Cameras made of photographs, for who has no configuration yet.
#pragma once

#include <filesystem>
#include <optional>

#include "gradspace/live_module.h"
#include "live/held_signals.h"
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
/// `folder`, which is there. Throws what opening photographs and fitting throw.
Settings simulated_settings(const MonitorRequest& request, const std::filesystem::path& folder);

/// The same, with the folder made where it is not there. Nothing when SIGTERM or SIGINT came first: then a thread still
/// fits, and the process is to be ended without waiting for it.
std::optional<Settings> simulated_settings_unless_stopped(const MonitorRequest& request,
                                                          const std::filesystem::path& folder,
                                                          const HeldSignals& signals);

}  // namespace gradspace::live
