// Which modules there are: parts of gradspace that are loaded on first use.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gradspace/export.h"

namespace gradspace {

struct ModuleInfo {
  std::string name;            ///< "webp"
  std::string purpose;         ///< what it is for, in a few words
  std::filesystem::path path;  ///< where it is looked for
  std::string
      library;  ///< what it uses, with the version ("libwebp 1.2.4"); empty where it can't be loaded
  std::string failure;  ///< why it can't be loaded; empty where it can
};

/// All modules that a build may have. Each is loaded to see whether it can be.
GRADSPACE_API std::vector<ModuleInfo> find_modules();

}  // namespace gradspace
