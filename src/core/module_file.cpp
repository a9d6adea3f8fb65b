#include "core/module_file.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

/// dlopen's last complaint; another thread can't overwrite it.
std::string last_load_error() {
  const char* text = dlerror();
  return text == nullptr ? "unknown reason" : text;
}

/// The folder of the library, or of the program that it is a part of.
fs::path own_folder(std::string_view variable) {
  Dl_info self = {};
  static const char anchor = 0;
  if (dladdr(&anchor, &self) == 0 || self.dli_fname == nullptr) {
    throw Error(fmt::format("can't tell where gradspace's library lies; set {}", variable));
  }
  return fs::absolute(self.dli_fname).parent_path();
}

}  // namespace

std::string module_variable(std::string_view name) {
  std::string variable = fmt::format("GRADSPACE_{}_MODULE", name);
  std::transform(variable.begin(), variable.end(), variable.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return variable;
}

fs::path module_path(std::string_view name) {
  const std::string variable = module_variable(name);
  if (const char* path = std::getenv(variable.c_str()); path != nullptr && *path != '\0') {
    return path;
  }
  const fs::path folder = own_folder(variable);
  const fs::path file = fs::path("gradspace") / fmt::format("libgradspace_{}.so", name);
  std::error_code ignored;
  // The second is where a program that has the static library in it lies in bin/, the last where a module has.
  for (const fs::path& place : {folder / file, folder.parent_path() / GRADSPACE_LIBDIR / file,
                                folder.parent_path() / "lib" / file, folder.parent_path() / file}) {
    if (fs::exists(place, ignored)) {
      return place;
    }
  }
  return folder / file;
}

const ModuleHead& open_module(const fs::path& path, const ModuleKind& kind) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    throw Error(fmt::format(
        "{}: {} is not there; install the package {}, build gradspace with {}, or set {} "
        "to the module's path",
        kind.what, path.string(), kind.package, kind.option, kind.variable));
  }
  // An absolute path, or dlopen would search its folders for a bare name.
  const fs::path file = fs::absolute(path);
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    throw Error(fmt::format("{}: can't load: {}", kind.what, last_load_error()));
  }
  auto* entry_function = reinterpret_cast<ModuleEntryFunction*>(dlsym(handle, kind.symbol));
  if (entry_function == nullptr) {
    dlclose(handle);
    throw Error(fmt::format("{}: {} is not a gradspace module", kind.what, file.string()));
  }
  const ModuleHead& head = *entry_function();
  if (head.abi != kind.abi || std::strcmp(head.gradspace_version, kVersion) != 0) {
    throw Error(
        fmt::format("{}: {} belongs to another gradspace (interface {}; wanted interface {} of "
                    "version {}); install both together",
                    kind.what, file.string(), head.abi, kind.abi, kVersion));
  }
  return head;
}

}  // namespace gradspace
