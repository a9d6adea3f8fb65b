// What a training run says of itself, as JSON and CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/train.h"

namespace gradspace {

/// All that decides the course of a run, in one object: description, options but for `epochs`, the
/// objective's own, data. Runs with equal identities are in equal states after equal numbers of epochs.
nlohmann::json run_identity(const AutoencoderSpec& spec, const TrainOptions& options,
                            const nlohmann::json& objective, const ImageStore& train,
                            const ImageStore& validation);

/// `identity` less the description, which a model file has already.
nlohmann::json without_description(nlohmann::json identity);

/// "batch is 64 there, 128 here; seed is 1 there, 2 here"; empty when nothing differs.
std::string difference(const nlohmann::json& there, const nlohmann::json& here);

nlohmann::json history_to_json(std::span<const EpochRecord> epochs);
/// Throws nlohmann::json::exception on what `history_to_json` does not write of losses of these terms.
std::vector<EpochRecord> history_from_json(const nlohmann::json& json,
                                           std::span<const std::string_view> terms);

/// The last record that was the best when it was made; null when there is none.
const EpochRecord* best_record(std::span<const EpochRecord> epochs);

/// Model metadata "training".
std::string training_metadata(const nlohmann::json& identity, int epochs_asked,
                              std::span<const EpochRecord> epochs, bool stopped);

/// Whether `metadata` is that of a finished run of `identity` and `options`.
bool is_finished_run(const std::string& metadata, const nlohmann::json& identity,
                     const TrainOptions& options);

/// Model metadata "preprocessing".
std::string preprocessing_metadata(const Extent& input, Decoding decoding);

}  // namespace gradspace
