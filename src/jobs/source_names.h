// What people call the sets of images that they give.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace gradspace {

/// A name for each path: that of the folder, with so many folders around it as it takes to tell different ones
/// apart ("night/rain", "day/rain"). A file is called after the folder that it is in, so that files of one folder
/// have one name, unless each file is a set of its own (`files_apart`). "-" is "standard input". Throws InvalidArgument
/// when a path is given twice.
std::vector<std::string> names_of_sources(std::span<const std::string> paths,
                                          bool files_apart = false);

}  // namespace gradspace
