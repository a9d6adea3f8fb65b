// What open_source knows of a file format with images in it. A new source is a file with a function that
// returns its SourceFormat, and a line in open_source.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "core/random_access_file.h"
#include "gradspace/source.h"

namespace gradspace {

struct SourceFormat {
  std::string_view name;  ///< the command line's word
  SourceKind kind = SourceKind::kAuto;
  /// Whether a file that is to be opened is of this format.
  bool (*is_file)(const std::filesystem::path& path, const RandomAccessFile& file) = nullptr;
  /// Whether an entry of a folder says that the folder holds a source of this format.
  bool (*is_in_folder)(const std::filesystem::path& entry) = nullptr;
  /// `path` is a file or a folder. Throws IoError, FormatError.
  std::unique_ptr<Source> (*open)(const std::filesystem::path& path) = nullptr;
};

}  // namespace gradspace
