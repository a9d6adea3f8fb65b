// What the loader must refuse: a module with another interface.
#include "gradspace/export.h"
#include "loader/module_entry.h"

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_torch_module_entry() {
  static const gradspace::TorchModuleEntry entry{{gradspace::kTorchModuleAbi + 1, "0.0.0"},
                                                 nullptr};
  return &entry;
}
