// Settings from a TOML file and back.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "live/settings.h"

namespace gradspace::live {

struct Configuration {
  Settings settings;
  std::vector<std::string>
      problems;  ///< a line each: "cameras.toml:12: ..."; then `settings` do not hold
};

/// Reads the text of a file. Relative paths in it are of `folder`. Throws nothing: what is wrong is in `problems`.
Configuration parse_configuration(std::string_view text, const std::string& name,
                                  const std::filesystem::path& folder);

/// Reads the file. Throws IoError.
Configuration read_configuration(const std::filesystem::path& file);

/// The same with the first problem thrown as FormatError, which says how many more there are.
Settings read_settings(const std::filesystem::path& file);

/// Files and programs that the settings name and that are not there or can't be read, a line each.
std::vector<std::string> missing_files(const Settings& settings, const std::string& name);

/// What `parse_configuration` makes the same settings of; every value is written.
std::string configuration_text(const Settings& settings);

}  // namespace gradspace::live
