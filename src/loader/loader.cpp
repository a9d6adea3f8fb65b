#include "loader/loader.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <system_error>

#include "gradspace/error.h"
#include "gradspace/version.h"
#include "loader/module_entry.h"

namespace gradspace {
namespace {

constexpr const char* kVariable = "GRADSPACE_TORCH_MODULE";
constexpr const char* kRelativePath = "gradspace/libgradspace_torch.so";

/// dlopen's last complaint; another thread can't overwrite it.
std::string last_load_error() {
  const char* text = dlerror();
  return text == nullptr ? "unknown reason" : text;
}

}  // namespace

std::filesystem::path torch_module_path() {
  if (const char* path = std::getenv(kVariable); path != nullptr && *path != '\0') {
    return path;
  }
  Dl_info self = {};
  static const char anchor = 0;
  if (dladdr(&anchor, &self) == 0 || self.dli_fname == nullptr) {
    throw Error(fmt::format("LibTorch module: can't tell where gradspace's library lies; set {}",
                            kVariable));
  }
  return std::filesystem::absolute(self.dli_fname).parent_path() / kRelativePath;
}

const TorchModule& load_torch_module(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw Error(
        fmt::format("LibTorch module: {} is not there; build gradspace with -DGRADSPACE_TORCH=ON, "
                    "or set {} to the module's path",
                    path.string(), kVariable));
  }
  // An absolute path, or dlopen would search its folders for a bare name.
  const std::filesystem::path file = std::filesystem::absolute(path);
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    throw Error(fmt::format("LibTorch module: can't load: {}", last_load_error()));
  }
  auto* entry_function =
      reinterpret_cast<TorchModuleEntryFunction*>(dlsym(handle, kTorchModuleSymbol));
  if (entry_function == nullptr) {
    dlclose(handle);
    throw Error(fmt::format("LibTorch module: {} is not a gradspace module", file.string()));
  }
  const TorchModuleEntry& entry = *entry_function();
  if (entry.abi != kTorchModuleAbi || std::strcmp(entry.gradspace_version, kVersion) != 0) {
    throw Error(fmt::format(
        "LibTorch module: {} belongs to another gradspace (interface {}; wanted interface {} of "
        "version {}); install both together",
        file.string(), entry.abi, kTorchModuleAbi, kVersion));
  }
  return *entry.module;
}

const TorchModule& torch_module() {
  static const TorchModule& module = load_torch_module(torch_module_path());
  return module;
}

}  // namespace gradspace
