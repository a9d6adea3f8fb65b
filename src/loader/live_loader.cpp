#include "core/module_file.h"
#include "gradspace/live_module.h"
#include "loader/live_entry.h"

namespace gradspace {

const LiveModule& live_module() {
  static const LiveModule& module = [&]() -> const LiveModule& {
    const std::string variable = module_variable("live");
    const ModuleKind kind{"live module", "-DGRADSPACE_LIVE=ON", "gradspace-monitor",
                          variable,      kLiveModuleSymbol,     kLiveModuleAbi};
    return *static_cast<const LiveModuleEntry&>(open_module(module_path("live"), kind)).module;
  }();
  return module;
}

}  // namespace gradspace
