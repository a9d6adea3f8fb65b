// Modules: shared objects that are opened on first use, so that what is heavy is loaded only by who needs it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/module_head.h"

namespace gradspace {

/// Where the module `libgradspace_NAME.so` lies: the file that the environment variable GRADSPACE_NAME_MODULE (in
/// capitals) names, else in the folder `gradspace` beside the file that this code lies in, else in that folder of the
/// libraries beside the command's. Where it lies nowhere, the first place is returned. Throws Error where it can't be
/// told what file this code lies in.
std::filesystem::path module_path(std::string_view name);

/// How a kind of modules is opened and spoken of.
struct ModuleKind {
  std::string_view what;      ///< begins the messages: "LibTorch module"
  std::string_view option;    ///< how it is built: "-DGRADSPACE_TORCH=ON"
  std::string_view package;   ///< the Debian package that has it: "gradspace-torch"
  std::string_view variable;  ///< the environment variable that names it
  const char* symbol;         ///< the function that returns its entry
  std::uint32_t abi;          ///< the version of the interface that is wanted
};

/// Opens a module and returns its entry; it stays open until the process ends. Throws Error when the file is missing,
/// can't be loaded, is something else, or was built with another gradspace.
const ModuleHead& open_module(const std::filesystem::path& path, const ModuleKind& kind);

/// "GRADSPACE_TORCH_MODULE".
std::string module_variable(std::string_view name);

}  // namespace gradspace
