// What a file of ours holds, for `gradspace info`.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace gradspace {

struct Description {
  /// Facts by name; lists of objects are tables. Always has "file" and "type".
  nlohmann::ordered_json facts;
  /// For people only, after the facts.
  std::string text;
};

/// What every description begins with.
nlohmann::ordered_json first_facts(const std::filesystem::path& path, const char* type);

/// Recognises the file by its content: models, detectors and other safetensors files, NPY, feature
/// sets (their folder), results (results.json or its folder), descriptions of a network. Reads it as
/// strictly as the commands that use it do. Throws IoError, FormatError.
Description describe(const std::filesystem::path& path);

/// The description for a terminal: nothing in the file can control it.
std::string description_text(const Description& description);

}  // namespace gradspace
