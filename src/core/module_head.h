// What the entry of every module that is loaded on first use begins with, so that a module of another gradspace can
// be told.
#pragma once

#include <cstdint>

namespace gradspace {

/// These two stay the first members for ever.
struct ModuleHead {
  std::uint32_t abi = 0;  ///< version of the interface
  const char* gradspace_version = nullptr;
};

/// The function that a module exports.
using ModuleEntryFunction = const ModuleHead*();

}  // namespace gradspace
