// What differs between the two experiments, beside their entries.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gradspace/research/experiment.h"

namespace gradspace {

ResultsKind results_kind(const ExperimentOptions& options);

/// The options with the experiment's own challenges where none are asked for, and the description of the model that
/// is given. Throws what read_model throws.
ExperimentOptions with_defaults(ExperimentOptions options);

/// How many autoencoders a run has.
std::size_t members_of(const ExperimentOptions& options);

/// Empty = all.
std::vector<std::string> methods_asked_for(const ExperimentOptions& options);

/// What the experiment alone reads, for results; `methods` are those of its table.
nlohmann::json options_record(const ExperimentOptions& options,
                              const std::vector<std::string>& methods);

}  // namespace gradspace
