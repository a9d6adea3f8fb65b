#pragma once

namespace gradspace {

/// Adds the benchmarks of the engine's single steps.
void register_stages();

}  // namespace gradspace
