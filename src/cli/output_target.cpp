#include "cli/output_target.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "cli/command.h"
#include "cli/option_values.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/table_file.h"

namespace gradspace::cli {
namespace {

namespace fs = std::filesystem;

/// Of what lies at a path, links followed; nothing where nothing does.
std::optional<struct stat> status_at(const fs::path& path) {
  struct stat status = {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return status;
}

/// Whether `image`, which exists, lies below `folder` and is one of those that a command would read there.
bool is_image_below(const fs::path& image, const fs::path& folder) {
  std::error_code failed;
  const fs::path inside =
      fs::relative(fs::canonical(image, failed), fs::canonical(folder, failed), failed);
  return !failed && has_image_extension(image) && !inside.empty() && *inside.begin() != "..";
}

}  // namespace

void check_target(const fs::path& out) {
  const fs::path folder = out.has_parent_path() ? out.parent_path() : ".";
  std::error_code unknown;
  if (!fs::is_directory(folder, unknown)) {
    throw IoError(fmt::format("{}: can't write: {}", out.string(),
                              unknown && unknown != std::errc::no_such_file_or_directory
                                  ? unknown.message()
                                  : fmt::format("there is no folder {}", folder.string())));
  }
  if (fs::is_directory(out, unknown)) {
    throw InvalidArgument(fmt::format("{}: is a folder, not a file to write", out.string()));
  }
}

void refuse_inputs(const fs::path& out, const std::vector<fs::path>& inputs) {
  const std::optional<struct stat> target = status_at(out);
  if (!target || S_ISCHR(target->st_mode) || S_ISFIFO(target->st_mode)) {
    return;
  }
  for (const fs::path& input : inputs) {
    const std::optional<struct stat> read = status_at(input);
    if (!read) {
      continue;
    }
    if (read->st_dev == target->st_dev && read->st_ino == target->st_ino) {
      throw WrongUsage(fmt::format("{}: the output is the input {}", out.string(), input.string()));
    }
    if (S_ISDIR(read->st_mode) && S_ISREG(target->st_mode) && is_image_below(out, input)) {
      throw WrongUsage(
          fmt::format("{}: the output is an image of the input {}", out.string(), input.string()));
    }
  }
}

void check_table_target(const fs::path& out, const std::vector<fs::path>& inputs) {
  if (out.empty()) {
    return;
  }
  check_usage([&] { require_table_name(out); });
  refuse_inputs(out, inputs);
  check_target(out);
}

bool is_folder(const fs::path& path) {
  std::error_code unknown;
  return fs::is_directory(path, unknown);
}

bool is_there(const fs::path& path) {
  return status_at(path).has_value();
}

void remove_file(const fs::path& path) {
  std::error_code failed;
  fs::remove(path, failed);
  if (failed) {
    throw IoError(fmt::format("{}: can't remove: {}", path.string(), failed.message()));
  }
}

}  // namespace gradspace::cli
