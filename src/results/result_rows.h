// A row of results.json, for every file that has such rows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gradspace/results.h"

namespace gradspace {

inline constexpr int kResultsFormat = 1;

nlohmann::json row_to_json(const ResultRow& row);

/// Throws FormatError that names `file` for a number out of its range, json::exception for what is no
/// row.
ResultRow row_from_json(const nlohmann::json& item, const std::string& file);

}  // namespace gradspace
