#include "loader/loader.h"

#include "core/module_file.h"
#include "loader/module_entry.h"

namespace gradspace {

std::filesystem::path torch_module_path() {
  return module_path("torch");
}

const TorchModule& load_torch_module(const std::filesystem::path& path) {
  const std::string variable = module_variable("torch");
  const ModuleKind kind{"LibTorch module", "-DGRADSPACE_TORCH=ON", "gradspace-torch",
                        variable,          kTorchModuleSymbol,     kTorchModuleAbi};
  return *static_cast<const TorchModuleEntry&>(open_module(path, kind)).module;
}

const TorchModule& torch_module() {
  static const TorchModule& module = load_torch_module(torch_module_path());
  return module;
}

}  // namespace gradspace
