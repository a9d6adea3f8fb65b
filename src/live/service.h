// The monitor as a service: everything put together, from the start to the signal that ends it.
#pragma once

#include <filesystem>
#include <functional>

#include "gradspace/live_module.h"
#include "live/settings.h"

namespace gradspace::live {

/// Runs until all inputs have ended or a signal ends it. `read_again` gives the settings anew after SIGHUP, or throws;
/// an empty function: there is nothing to read. Throws as LiveModule::run.
void run_service(const Settings& settings, const std::function<Settings()>& read_again, bool lines);

}  // namespace gradspace::live
