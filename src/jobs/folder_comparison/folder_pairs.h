// Which images of several folders are compared with which references.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gradspace/compare_folders.h"
#include "gradspace/score_pairs.h"

namespace gradspace {

struct FolderPairs {
  std::vector<ComparedFolder> folders;  ///< with names, paths, and images without a partner
  std::vector<ComparedPair> pairs;      ///< by reference, then by folder, with their files' sizes
  std::vector<ImagePair> files;         ///< of the pairs
  std::vector<std::string> remarks;
};

/// The folders that are compared, with their names and paths: those of the options, then those that only their curves
/// name.
std::vector<ComparedFolder> compared_folders(const CompareFoldersOptions& options);

/// Lists the references once, and every folder. A folder that holds no image is a failure of its own. Throws IoError
/// when a folder isn't there, FormatError when the references hold no image.
FolderPairs list_folder_pairs(const CompareFoldersOptions& options);

}  // namespace gradspace
