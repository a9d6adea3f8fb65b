#include "matlab/matio_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "gradspace/error.h"

namespace gradspace {
namespace {

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) {
    throw Error(fmt::format("MATLAB files: {} has no {}", GRADSPACE_MATIO, name));
  }
}

MatioLibrary load() {
  void* library = dlopen(GRADSPACE_MATIO, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(
        fmt::format("MATLAB files: {} can't be loaded; install libmatio11", GRADSPACE_MATIO));
  }
  MatioLibrary matio{};
  find(library, "Mat_Open", matio.open);
  find(library, "Mat_Close", matio.close);
  find(library, "Mat_GetVersion", matio.version);
  find(library, "Mat_VarReadInfo", matio.read_info);
  find(library, "Mat_VarReadDataAll", matio.read_data);
  find(library, "Mat_VarFree", matio.free);
  return matio;
}

}  // namespace

const MatioLibrary& matio() {
  static const MatioLibrary functions = load();
  return functions;
}

}  // namespace gradspace
