// What the page shows, as JSON: web/src/ reads it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gradspace/results.h"

namespace gradspace {

/// Sentences on the page about what is missing or left out.
using Notes = std::vector<std::string>;

/// Of experiments with detectors; `results` may be empty when a run has not finished.
nlohmann::json detection_data(const std::filesystem::path& folder, const Results& results,
                              Notes& notes);

/// Of GradCon's experiment.
nlohmann::json gradcon_data(const std::filesystem::path& folder, const Results& results,
                            Notes& notes);

/// Of image quality benchmarks; `results` is the content of results.json.
nlohmann::json quality_data(const std::filesystem::path& folder, const nlohmann::json& results,
                            Notes& notes);

/// Of comparisons of folders; `results` is the content of results.json.
nlohmann::json comparison_data(const std::filesystem::path& folder, const nlohmann::json& results,
                               Notes& notes);

}  // namespace gradspace
