#include <string>

#include "core/module_file.h"
#include "gradspace/mpi_module.h"
#include "loader/mpi_entry.h"

namespace gradspace {
namespace {

/// Of the module, once a job was joined; else null.
const MpiModuleEntry* joined_by = nullptr;

const MpiModuleEntry& mpi_module() {
  static const auto& entry = []() -> const MpiModuleEntry& {
    const std::string variable = module_variable("mpi");
    const ModuleKind kind{"MPI module", "-DGRADSPACE_MPI=ON", "gradspace-mpi",
                          variable,     kMpiModuleSymbol,     kMpiModuleAbi};
    return static_cast<const MpiModuleEntry&>(open_module(module_path("mpi"), kind));
  }();
  return entry;
}

}  // namespace

Ranks& mpi_ranks() {
  Ranks& ranks = mpi_module().join();
  joined_by = &mpi_module();
  return ranks;
}

std::string mpi_library() {
  return mpi_module().library();
}

void leave_mpi() {
  if (joined_by != nullptr) {
    joined_by->leave();
    joined_by = nullptr;
  }
}

}  // namespace gradspace
