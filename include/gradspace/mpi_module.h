// This process as one of an MPI job, such as `mpirun` starts: in a module that is loaded on first use.
//
// The module is built where an MPI for C++ is found (-DGRADSPACE_MPI=ON), and is of that MPI: Debian's Open MPI, say.
#pragma once

#include <string>

#include "gradspace/export.h"
#include "gradspace/ranks.h"

namespace gradspace {

/// All processes of the job. The first call loads the module, from $GRADSPACE_MPI_MODULE, else from `gradspace/` beside
/// the library, and joins the job; of a process that no job started it is alone in one of its own. Throws Error saying
/// what is missing when this build or installation has no module, or MPI can't be initialised. One call at a time.
GRADSPACE_API Ranks& mpi_ranks();

/// The MPI that the module was built with: "Open MPI v4.1.4". Loads the module, and throws Error, as `mpi_ranks`; joins
/// no job.
GRADSPACE_API std::string mpi_library();

/// Leaves the job; after that there is no other. Every process whose work is done calls it; where one ends without,
/// `mpirun` ends the others. Nothing where no job was joined.
GRADSPACE_API void leave_mpi();

}  // namespace gradspace
