#pragma once

namespace gradspace {

/// Adds the benchmarks of growing work.
void register_scaling();

}  // namespace gradspace
