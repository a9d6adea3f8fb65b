#include <string>

#include "core/module_file.h"
#include "gradspace/mpi_module.h"
#include "loader/mpi_entry.h"

namespace gradspace {
namespace {

/// Of the module, once a job was joined; else null.
const MpiModuleEntry* joined_by = nullptr;

}  // namespace

Ranks& mpi_ranks() {
  const std::string variable = module_variable("mpi");
  const ModuleKind kind{"MPI module", "-DGRADSPACE_MPI=ON", variable, kMpiModuleSymbol,
                        kMpiModuleAbi};
  static const auto& entry =
      static_cast<const MpiModuleEntry&>(open_module(module_path("mpi"), kind));
  Ranks& ranks = entry.join();
  joined_by = &entry;
  return ranks;
}

void leave_mpi() {
  if (joined_by != nullptr) {
    joined_by->leave();
    joined_by = nullptr;
  }
}

}  // namespace gradspace
