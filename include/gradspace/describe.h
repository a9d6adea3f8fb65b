// What a file of ours holds, for people and for programs.
#pragma once

#include <filesystem>
#include <string>

#include "gradspace/export.h"

namespace gradspace {

struct FileDescription {
  /// A JSON object of facts by name, with line ends; lists of objects are tables. Always has "file" and
  /// "type".
  std::string json;
  /// For a terminal, which nothing in the file can control.
  std::string text;
};

/// Recognises the file by its content: models, detectors, moments and other safetensors files, NPY, feature sets
/// (their folder), results (results.json or its folder), descriptions of a network. Reads it as strictly
/// as the functions that use it do. Throws IoError, FormatError.
GRADSPACE_API FileDescription describe_file(const std::filesystem::path& path);

}  // namespace gradspace
