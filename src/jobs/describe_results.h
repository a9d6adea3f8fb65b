// What a results.json holds, of every kind.
#pragma once

#include <filesystem>

#include "jobs/describe.h"

namespace gradspace {

/// Throws IoError, FormatError.
Description describe_results(const std::filesystem::path& path);

}  // namespace gradspace
