// A run's state after an epoch, in one file that is replaced whole.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "gradspace/tensor.h"

namespace gradspace {

// NOLINTNEXTLINE(bugprone-exception-escape): moving JSON does not throw, but is not declared so
struct Checkpoint {
  /// The records of all epochs so far, at least one: objects with "epoch", counted from 1, "best",
  /// and what else the loop keeps.
  nlohmann::json history;
  TensorMap state;  ///< the backend's
  TensorMap best;   ///< what the loop keeps of the best epoch, by name
};

/// `identity`: see `run_identity`. Throws IoError.
void write_checkpoint(const std::filesystem::path& path, const nlohmann::json& identity,
                      Checkpoint checkpoint);

/// Throws IoError; FormatError when the file is damaged; InvalidArgument when its identity is
/// another. That names and shapes fit a backend is left to the caller, as are the records' other
/// fields.
Checkpoint read_checkpoint(const std::filesystem::path& path, const nlohmann::json& identity);

}  // namespace gradspace
