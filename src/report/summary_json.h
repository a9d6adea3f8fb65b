// Figures of rows as the page wants them.
#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "gradspace/results.h"

namespace gradspace {

/// Of all metrics, in the order in which `add_summary` lists their values.
nlohmann::json metric_names();

/// Adds to an object "mean" of all metrics, and "deviation" between runs where there are several.
void add_summary(std::span<const ResultRow* const> rows, nlohmann::json& item);

}  // namespace gradspace
