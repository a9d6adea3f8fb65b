// What the library and the LibTorch module know of each other: one symbol.
#pragma once

#include <cstdint>

#include "gradspace/torch_module.h"

namespace gradspace {

/// Raise it whenever TorchModule, or a type it speaks of, changes its layout.
inline constexpr std::uint32_t kTorchModuleAbi = 2;

/// What the symbol gives. `abi` stays the first member for ever.
struct TorchModuleEntry {
  std::uint32_t abi;
  const char* gradspace_version;
  /// Never destroyed.
  const TorchModule* module;
};

inline constexpr const char* kTorchModuleSymbol = "gradspace_torch_module_entry";
using TorchModuleEntryFunction = const TorchModuleEntry*();

}  // namespace gradspace
