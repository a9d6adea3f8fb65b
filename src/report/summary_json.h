// Figures of rows as the page wants them.
#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "gradspace/results.h"
#include "results/conditions.h"

namespace gradspace {

/// Of all metrics, in the order in which `add_summary` lists their values.
nlohmann::json metric_names();

/// Adds to an object "mean" of all metrics, and "deviation" between runs where there are several.
void add_summary(std::span<const ResultRow* const> rows, nlohmann::json& item);

/// A page's summary table: those of each method, and of each method and type that the page shows,
/// [{"method", "type", "mean", "deviation"}]; type null is the mean over all types, shown or not.
nlohmann::json summary_table(const Results& results, const Conditions& conditions);

}  // namespace gradspace
