// The module's door.
#include <curl/curl.h>
#include <fmt/format.h>

#include <boost/version.hpp>
#include <cstdlib>
#include <memory>
#include <optional>

#include "gradspace/error.h"
#include "gradspace/export.h"
#include "gradspace/live_module.h"
#include "gradspace/version.h"
#include "live/configuration.h"
#include "live/log.h"
#include "live/service.h"
#include "live/simulation.h"
#include "loader/live_entry.h"

namespace gradspace::live {
namespace {

/// Options of the command over what the file says.
Settings with_request(Settings settings, const MonitorRequest& request) {
  if (!request.listen.empty()) {
    settings.http.listen = request.listen;
    settings.http.enabled = true;
  }
  return settings;
}

class Module final : public LiveModule {
 public:
  std::string libraries() const override {
    return fmt::format("Boost {}.{}.{}, libcurl {}", BOOST_VERSION / 100000,
                       BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100,
                       curl_version_info(CURLVERSION_NOW)->version);
  }

  std::vector<std::string> problems(const std::filesystem::path& configuration) const override {
    Configuration read = read_configuration(configuration);
    if (!read.problems.empty()) {
      return read.problems;
    }
    std::vector<std::string> lines = missing_files(read.settings, configuration.string());
    try {
      read.settings.monitor.validate();
    } catch (const Error& error) {
      lines.push_back(configuration.string() + ": " + error.what());
    }
    return lines;
  }

  std::string resolved(const MonitorRequest& request) const override {
    return configuration_text(with_request(read_settings(request.configuration), request));
  }

  int run(const MonitorRequest& request) const override {
    if (!request.photographs.empty()) {
      std::optional<TemporaryFolder> temporary;
      if (request.folder.empty()) {
        temporary.emplace();
      }
      const std::filesystem::path folder = temporary ? temporary->path() : request.folder;
      const HeldSignals signals;
      const auto settings = simulated_settings_unless_stopped(request, folder, signals);
      if (!settings) {
        temporary.reset();
        log(LogLevel::kInfo, "the monitor stops", {{"reason", "a signal"}});
        std::_Exit(EXIT_SUCCESS);
      }
      run_service(with_request(*settings, request), {}, request.lines);
      return 0;
    }
    const auto read = [&] { return with_request(read_settings(request.configuration), request); };
    run_service(read(), read, request.lines);
    return 0;
  }
};

}  // namespace
}  // namespace gradspace::live

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_live_module_entry() {
  static const gradspace::live::Module module;
  static const gradspace::LiveModuleEntry entry{{gradspace::kLiveModuleAbi, gradspace::kVersion},
                                                &module};
  return &entry;
}
