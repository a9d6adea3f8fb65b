// The live part: what stands around a Monitor when it runs as a service. Configuration from a file, an HTTP server with
// a page, metrics, deliveries of alarms. A shared module that is loaded on first use, so that nothing else pays for its
// libraries.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gradspace/export.h"

namespace gradspace {

/// What `gradspace monitor` was asked for. Either a configuration, or photographs of which cameras are made.
struct GRADSPACE_API MonitorRequest {
  std::filesystem::path configuration = {};  ///< a TOML file
  std::filesystem::path photographs = {};    ///< a folder: simulated cameras show them
  int simulated_cameras = 4;
  double simulated_rate = 4;            ///< frames per second of each
  std::filesystem::path detector = {};  ///< of simulated cameras; empty: fitted to the photographs
  std::filesystem::path model = {};     ///< where that detector needs one
  std::filesystem::path folder =
      {};  ///< of the state of simulated cameras; empty: a temporary one that is removed
  std::string listen = {};  ///< takes the place of the configuration's http.listen where not empty
  bool lines = false;       ///< verdicts and alarms as JSON lines on standard output
};

/// All functions may be called from any thread; `run` by one at a time.
class GRADSPACE_API LiveModule {
 public:
  virtual ~LiveModule() = default;

  /// What it is made with, with versions: "Boost 1.74.0, libcurl 7.88.1".
  virtual std::string libraries() const = 0;

  /// All that is wrong with a configuration file and with the files that it names, a line each with the file's name and
  /// where possible the line. Throws IoError when it can't be read.
  virtual std::vector<std::string> problems(const std::filesystem::path& configuration) const = 0;

  /// The request's configuration with every default written out, as TOML that says the same. Throws IoError,
  /// FormatError, InvalidArgument.
  virtual std::string resolved(const MonitorRequest& request) const = 0;

  /// Runs until all inputs have ended for good or SIGTERM or SIGINT comes; SIGHUP reads the configuration again. Takes
  /// over these signals and SIGPIPE of the whole process, logs to standard error and tells systemd how it is. Call it
  /// before the process has other threads, which might take the signals. Throws what Monitor's constructor throws, and
  /// IoError when an address can't be listened on. Returns the exit status of the command.
  virtual int run(const MonitorRequest& request) const = 0;
};

/// Loads the module: from $GRADSPACE_LIVE_MODULE, else from `gradspace/` beside the library. Throws Error saying what
/// is missing when this build or installation has none. Thread-safe.
GRADSPACE_API const LiveModule& live_module();

}  // namespace gradspace
