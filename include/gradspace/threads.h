// How many threads the library's parallel work takes.
#pragma once

#include <functional>

#include "gradspace/export.h"

namespace gradspace {

/// Calls `work`, and lets at most `threads` threads, the caller's among them, take part in what the
/// library does in parallel meanwhile; 0 = as many as without this call, which is all cores at first. It
/// serves functions whose options have no `threads`; those that have it need no help. Passes on what
/// `work` throws. Throws InvalidArgument when `threads` is negative.
GRADSPACE_API void run_with_threads(int threads, const std::function<void()>& work);

}  // namespace gradspace
