// Images of two folders, paired by their names.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "gradspace/score_pairs.h"
#include "gradspace/source.h"

namespace gradspace {

/// Images by their path without its extension, ordered.
using ImagesByStem = std::map<std::filesystem::path, std::vector<std::filesystem::path>>;

/// A folder of references, listed once for all folders that are compared with it.
class ReferenceFolder {
 public:
  /// Throws IoError, and FormatError when the folder holds no image.
  ReferenceFolder(std::filesystem::path folder, const SourceOptions& options);

  /// How many files of the folder were passed over: a line or none.
  std::span<const std::string> remarks() const { return remarks_; }

  /// As `pairs_of_folders`, with remarks on the other folder alone.
  PairList pairs_with(const std::filesystem::path& distorted) const;

 private:
  std::filesystem::path folder_;
  SourceOptions options_;
  std::vector<std::string> remarks_;
  std::set<std::filesystem::path> images_;  ///< relative to the folder
  ImagesByStem by_stem_;
};

}  // namespace gradspace
