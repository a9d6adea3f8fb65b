// What the run's autoencoder says of whole sets, as feature sets in the run's folder.
#pragma once

#include <filesystem>

#include "experiment/entry.h"

namespace gradspace {

std::filesystem::path extracted_set_path(const ExperimentRun& run, const SetName& set);

/// A stage of the run: extracts mu and the paper's gradients of the set, or finds them extracted. Throws
/// ExperimentStopped when stopped on request.
void extract_set(const ExperimentRun& run, ExperimentStages& stages, const SetName& set);

}  // namespace gradspace
