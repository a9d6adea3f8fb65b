// What the library and the MPI module know of each other: one symbol.
#pragma once

#include <cstdint>
#include <string>

#include "core/module_head.h"
#include "gradspace/ranks.h"

namespace gradspace {

/// Raise it whenever MpiModuleEntry, or a type it speaks of, changes its layout.
inline constexpr std::uint32_t kMpiModuleAbi = 2;

/// What the symbol gives.
struct MpiModuleEntry : ModuleHead {
  std::string (*library)() = nullptr;  ///< "Open MPI v4.1.4"
  Ranks& (*join)() = nullptr;          ///< throws Error
  void (*leave)() = nullptr;
};

inline constexpr const char* kMpiModuleSymbol = "gradspace_mpi_module_entry";

}  // namespace gradspace
