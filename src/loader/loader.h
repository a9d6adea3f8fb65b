// Finding and opening the LibTorch module. The library shows both functions, although no public header
// names them, so that tests look for the module from where the library does.
#pragma once

#include <filesystem>

#include "gradspace/export.h"
#include "gradspace/torch_module.h"

namespace gradspace {

/// Where the module is looked for: $GRADSPACE_TORCH_MODULE, else `gradspace/libgradspace_torch.so`
/// beside the file this code lies in.
GRADSPACE_API std::filesystem::path torch_module_path();

/// Opens the module; it stays open until the process ends. Throws Error when the file is missing,
/// can't be loaded, is something else, or was built with another gradspace.
GRADSPACE_API const TorchModule& load_torch_module(const std::filesystem::path& path);

}  // namespace gradspace
