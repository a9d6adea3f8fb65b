// A run's state after an epoch, in one file that is replaced whole.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/train.h"

namespace gradspace {

struct Checkpoint {
  std::vector<EpochRecord> epochs;  ///< all so far, at least one
  TensorMap state;                  ///< the backend's
  TensorMap best;                   ///< the weights of the best epoch, by the model's names
};

/// `identity`: see `run_identity`. Throws IoError.
void write_checkpoint(const std::filesystem::path& path, const nlohmann::json& identity,
                      Checkpoint checkpoint);

/// Throws IoError; FormatError when the file is damaged; InvalidArgument when its identity is
/// another. That names and shapes fit a backend is left to the caller.
Checkpoint read_checkpoint(const std::filesystem::path& path, const nlohmann::json& identity);

/// SHA-256 over a text and all tensors, for a checkpoint to hold: one flipped bit would quietly lead to
/// other weights.
std::string content_digest(std::string_view text, const TensorMap& tensors);

}  // namespace gradspace
