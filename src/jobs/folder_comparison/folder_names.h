// What folders that are compared are called.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace gradspace {

/// The path without a slash at its end and without steps that lead back, so that one folder has one path however it
/// was typed, but for links.
std::filesystem::path tidy_folder(const std::filesystem::path& folder);

/// One text for one folder, whatever path leads to it.
std::string folder_identity(const std::filesystem::path& folder);

/// A name for each folder, all different where the folders are: the last part of its path, and those before it where
/// the last is a mere number or somebody else's name, too.
std::vector<std::string> folder_names(std::span<const std::filesystem::path> folders);

}  // namespace gradspace
