// What a results.json holds, of every kind.
#pragma once

#include <filesystem>

#include "cli/describe.h"

namespace gradspace::cli {

/// Throws IoError, FormatError.
Description describe_results(const std::filesystem::path& path);

}  // namespace gradspace::cli
