// Facts of files of moments.
#pragma once

#include <filesystem>

#include "jobs/describe.h"

namespace gradspace {

/// Of a file, or of the folder of a merged job. Throws IoError, FormatError.
Description describe_moments(const std::filesystem::path& path);

}  // namespace gradspace
