// What the library and the LibTorch module know of each other: one symbol.
#pragma once

#include <cstdint>

#include "core/module_head.h"
#include "gradspace/torch_module.h"

namespace gradspace {

/// Raise it whenever TorchModule, or a type it speaks of, changes its layout.
inline constexpr std::uint32_t kTorchModuleAbi = 3;

/// What the symbol gives.
struct TorchModuleEntry : ModuleHead {
  /// Never destroyed.
  const TorchModule* module = nullptr;
};

inline constexpr const char* kTorchModuleSymbol = "gradspace_torch_module_entry";

}  // namespace gradspace
