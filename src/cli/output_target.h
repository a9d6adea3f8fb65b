// Where a command writes.
#pragma once

#include <filesystem>
#include <vector>

namespace gradspace::cli {

/// Whether a file can be put there: found out now, not after hours of work. Throws IoError when its
/// folder is missing, InvalidArgument when it is a folder itself.
void check_target(const std::filesystem::path& out);

/// Throws WrongUsage when writing `out` would overwrite one of `inputs`: when both are one file or folder,
/// whatever they are called, or `out` is an image below a folder of `inputs`. Empty paths are none.
void refuse_inputs(const std::filesystem::path& out,
                   const std::vector<std::filesystem::path>& inputs);

/// The same for a table, of an empty path none. Throws WrongUsage unless its name ends with .csv or .csv.zst, too, and
/// what `check_target` does.
void check_table_target(const std::filesystem::path& out,
                        const std::vector<std::filesystem::path>& inputs);

/// Whether a folder lies there, links followed.
bool is_folder(const std::filesystem::path& path);

/// Whether anything lies there, links followed.
bool is_there(const std::filesystem::path& path);

/// Removes a file that is no longer wanted, where it is there. Throws IoError.
void remove_file(const std::filesystem::path& path);

}  // namespace gradspace::cli
