// How many threads the library's parallel work takes.
#pragma once

#include <functional>

#include "gradspace/export.h"

namespace gradspace {

/// As many threads as can work at a time: the processors that this process may run on, or fewer where a control
/// group (version 1 or 2), as of a container, allows less than that; at least 1. The command runs on so many. A
/// library's user who wants that calls `run_with_threads(usable_threads(), ...)`: by itself the library takes all
/// processors.
GRADSPACE_API int usable_threads();

/// Calls `work`, and lets at most `threads` threads, the caller's among them, take part in what the
/// library does in parallel meanwhile; 0 = as many as without this call, which is all cores at first. It
/// serves functions whose options have no `threads`; those that have it need no help. Passes on what
/// `work` throws. Throws InvalidArgument when `threads` is negative.
GRADSPACE_API void run_with_threads(int threads, const std::function<void()>& work);

}  // namespace gradspace
