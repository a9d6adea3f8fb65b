// What differs between the two experiments, beside their entries.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gradspace/photograph.h"
#include "gradspace/research/experiment.h"

namespace gradspace {

ResultsKind results_kind(const ExperimentOptions& options);

/// The options with the experiment's own challenges where none are asked for, and the description of the model that
/// is given. Throws what read_model throws.
ExperimentOptions with_defaults(ExperimentOptions options);

/// How many autoencoders a run has.
std::size_t members_of(const ExperimentOptions& options);

/// How photographs are cut, where the experiment judges them by their tiles.
std::optional<Tiling> tiles_of(const ExperimentOptions& options);

/// How a method is fitted to the photographs of `clean`, where the experiment judges such.
PhotographOptions photograph_options(const ExperimentOptions& options, const std::string& method,
                                     std::uint64_t seed, const Source& clean);

/// Empty = all.
std::vector<std::string> methods_asked_for(const ExperimentOptions& options);

/// As results and ingredients name it.
nlohmann::json tiles_record(const Tiling& tiles);

/// What the experiment alone reads, for results; `methods` are those of its table.
nlohmann::json options_record(const ExperimentOptions& options,
                              const std::vector<std::string>& methods);

}  // namespace gradspace
