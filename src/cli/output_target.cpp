#include "cli/output_target.h"

#include <fmt/format.h>

#include "gradspace/error.h"

namespace gradspace::cli {

void check_target(const std::filesystem::path& out) {
  const std::filesystem::path folder = out.has_parent_path() ? out.parent_path() : ".";
  if (!std::filesystem::is_directory(folder)) {
    throw IoError(
        fmt::format("{}: can't write: there is no folder {}", out.string(), folder.string()));
  }
  if (std::filesystem::is_directory(out)) {
    throw InvalidArgument(fmt::format("{}: is a folder, not a file to write", out.string()));
  }
}

}  // namespace gradspace::cli
