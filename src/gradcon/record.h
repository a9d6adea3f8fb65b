// What a GradCon training run says of itself, as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "gradspace/gradcon.h"

namespace gradspace::gradcon {

/// All that decides the course of a run: description, options but for `epochs`, data.
nlohmann::json run_identity(const AutoencoderSpec& spec, const GradConOptions& options,
                            const ImageStore& train, const ImageStore& validation);

nlohmann::json history_to_json(std::span<const GradConEpoch> epochs);
/// Throws nlohmann::json::exception on what `history_to_json` does not write.
std::vector<GradConEpoch> history_from_json(const nlohmann::json& json);

/// The last record that was the best when it was made; null when there is none.
const GradConEpoch* best_record(std::span<const GradConEpoch> epochs);

/// Model metadata "training".
std::string training_metadata(const nlohmann::json& identity, const GradConOptions& options,
                              std::span<const GradConEpoch> epochs, bool stopped);

}  // namespace gradspace::gradcon
