// What a stage's result was made of, kept with it: tells whether it is still the one wanted, and if not, why.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace gradspace {

/// Where each result keeps what it was made of: `key_of` its ingredients, and the ingredients.
inline constexpr const char* kExperimentKey = "experiment_key";
inline constexpr const char* kMadeOfKey = "experiment_made_of";

/// SHA-256 over everything that a result depends on.
std::string key_of(const nlohmann::json& ingredients);

using ResultMetadata = std::map<std::string, std::string>;

/// Notes in a result's metadata what it is made of.
void note_made_of(ResultMetadata& metadata, const nlohmann::json& ingredients);

bool is_made_of(const ResultMetadata& metadata, const nlohmann::json& ingredients);

/// Why a result with this metadata is not the one wanted, in words for people: "the images of 'train' have changed".
std::string why_anew(const ResultMetadata& metadata, const nlohmann::json& wanted);

}  // namespace gradspace
