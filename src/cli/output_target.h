// Where a command writes.
#pragma once

#include <filesystem>

namespace gradspace::cli {

/// Whether a file can be put there: found out now, not after hours of work. Throws IoError when its
/// folder is missing, InvalidArgument when it is a folder itself.
void check_target(const std::filesystem::path& out);

}  // namespace gradspace::cli
