// Which set an image is of: told by the folders, and for CURE-TSR as it is distributed by the names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/file_list.h"
#include "gradspace/source.h"

namespace gradspace {

/// A folder called "train", "val" or "test" is a set, the innermost one where they are nested.
///
/// In CURE-TSR as it is distributed, names have five fields, and Real_Train/ChallengeFree, Real_Test/Rain-1 and the
/// like stand for folders called so: any that has "train" or "test" in its name. There is no validation set, and
/// images that follow one another are frames of one drive. So the training images are put in the order of their
/// names and cut into blocks, and every fifth block is "val": an image and what was made of it under a challenge are
/// always of the same set.
class CureTsrSets {
 public:
  /// Of the files under `root`.
  CureTsrSets(const std::filesystem::path& root, const FileList& files);

  /// Of the i-th of the files, whose name reads so; "" where nothing tells it.
  std::string_view set(const FileList& files, std::size_t i, const CureTsrName* name) const;

 private:
  void hold_out_blocks(const FileList& files);

  std::vector<std::string_view>
      by_name_;  ///< of folders called after a set, by the list's folder numbers
  std::vector<std::string_view> by_part_;  ///< of folders with a set's word in their names
  std::vector<std::uint64_t> validation_;  ///< the pictures held out, ascending
};

}  // namespace gradspace
