// A feature set of many parts: a manifest, `set.json`, beside or above the parts' folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "data/stored_rows.h"
#include "gradspace/feature_set.h"

namespace gradspace {

inline constexpr const char* kSetManifest = "set.json";
/// The most parts that a set may have.
inline constexpr std::size_t kMaxSetParts = 1'000'000;

/// What the manifest says of a part.
struct SetPart {
  std::string folder;  ///< relative to the manifest's, without ".."
  std::uint64_t rows = 0;
  std::uint64_t failures = 0;
  std::string meta_sha256;  ///< of its `meta.json`, which has the checksums of its other files

  friend bool operator==(const SetPart&, const SetPart&) = default;
};

/// A list for each of the four, under their names. Names of folders are as they are: see `dump_json`.
nlohmann::json set_parts_to_json(const std::vector<SetPart>& parts);
/// Throws FormatError that starts with `where`.
std::vector<SetPart> parse_set_parts(const nlohmann::json& object, std::string_view where);

/// The set in `folder`, which has a manifest. Throws IoError, FormatError.
std::unique_ptr<StoredRows> open_set_parts(const std::filesystem::path& folder);

}  // namespace gradspace
