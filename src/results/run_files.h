// The small files that a run leaves beside its results, as the page wants them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "results/conditions.h"

namespace gradspace {

/// A JSON object with a `format_version` that is not newer than 1. Throws IoError, FormatError.
nlohmann::json read_versioned_json(const std::filesystem::path& path);

/// A number as the page wants it: six significant digits.
double rounded(double value);

/// A run's training.csv by columns, {"epoch": [...], "train_loss": [...], ...}: the best epoch and
/// `most_epochs` (2 or more) evenly spread. Throws IoError, FormatError.
nlohmann::json read_training_log(const std::filesystem::path& path, std::size_t most_epochs);

/// training.csv of the folder, or of its runs' folders where it isn't written yet: [{"run",
/// "columns": {"epoch": [...], "train_loss": [...], ...}}], thinned to some hundred epochs each;
/// empty when there is none. Throws FormatError.
nlohmann::json read_training(const std::filesystem::path& folder);

/// fingerprints.json, averaged over runs: [{"layer", "loss", "rows": [{"type", "level", "values":
/// [...]}]}]; type -1 is clean. Throws IoError, FormatError.
nlohmann::json read_fingerprints(const std::filesystem::path& path, const Conditions& conditions);

}  // namespace gradspace
