// What a results.json holds: every file says its kind, but those of gradspace 0.1.0.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gradspace/results.h"

namespace gradspace {

/// The word for it in files: "ood", "one-class", "gradcon", "image-quality", "folder-comparison".
std::string_view name(ResultsKind kind);

/// The kind of a file's content; nothing where this holds no results. This is the one place that knows
/// how to tell files of 0.1.0 apart. Throws FormatError that starts with `path` for a kind that this
/// gradspace does not know.
std::optional<ResultsKind> results_kind(const nlohmann::json& content,
                                        const std::filesystem::path& path);

/// The same for a file that must hold results: throws FormatError where it does not.
ResultsKind require_results_kind(const nlohmann::json& content, const std::filesystem::path& path);

/// The name that a method has today: 0.1.0 called image-pseudo-holdout "image-pseudo-kinless", and
/// leave-group-out "stand-ins".
std::string present_method_name(std::string name);

}  // namespace gradspace
