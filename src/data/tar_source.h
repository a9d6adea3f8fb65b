// Images in tar archives, such as the shards of WebDataset: "KEY.EXTENSION", where a KEY.cls or a KEY.json tells the
// class.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/random_access_file.h"
#include "gradspace/source.h"

namespace gradspace {

/// Whether a file is a tar archive, or one that gzip or Zstandard has compressed.
bool is_tar_archive(const RandomAccessFile& file);

/// Whether a file's name is that of one: .tar, .tar.gz, .tgz, .tar.zst or .tzst.
bool has_tar_name(const std::filesystem::path& path);

/// The images of archives in the order of the paths, and in an archive's own order. Of several archives, the path of an
/// image begins with its archive's name. What is in front of the damage of an archive that is damaged or truncated can
/// be read; that is a line of `skipped`. Throws IoError; FormatError when there is no image.
std::unique_ptr<Source> open_tar_archives(const std::vector<std::filesystem::path>& paths);

/// The archive that a shell command writes to its standard output, kept in a temporary file until the source goes.
/// Throws IoError where the command fails, FormatError when there is no image.
std::unique_ptr<Source> open_tar_of_command(const std::string& command);

}  // namespace gradspace
