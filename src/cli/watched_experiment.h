// An experiment under the progress bar.
#pragma once

#include <filesystem>
#include <functional>

#include "gradspace/research/experiment.h"

namespace gradspace::cli {

/// Runs it, prints its table, with or without intervals, and returns the exit status. `out` is where its page will lie.
int watch_experiment(const std::filesystem::path& out, bool quiet, bool intervals,
                     const std::function<ExperimentResult(const ExperimentObserver&)>& run);

}  // namespace gradspace::cli
