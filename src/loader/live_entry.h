// What the library and the live module know of each other: one symbol.
#pragma once

#include <cstdint>

#include "core/module_head.h"
#include "gradspace/live_module.h"

namespace gradspace {

/// Raise it whenever LiveModule, Monitor, or a type they speak of, changes its layout.
inline constexpr std::uint32_t kLiveModuleAbi = 1;

/// What the symbol gives.
struct LiveModuleEntry : ModuleHead {
  /// Never destroyed.
  const LiveModule* module = nullptr;
};

inline constexpr const char* kLiveModuleSymbol = "gradspace_live_module_entry";

}  // namespace gradspace
