// Paths that are written to: what they stand for, and names beside them.
#pragma once

#include <filesystem>
#include <string_view>

namespace gradspace {

/// The path that `path` stands for once symbolic links are followed, also where the last one points to
/// something that does not exist yet. Links in the folders above it stay as they are. Throws IoError where
/// links lead in a circle.
std::filesystem::path follow_links(std::filesystem::path path);

/// `path` with `suffix` behind its name, as in "set.partial". A name that would become too long for the
/// file system is cut, and a hash of the whole name keeps it apart from others.
std::filesystem::path path_with_suffix(const std::filesystem::path& path, std::string_view suffix);

}  // namespace gradspace
