// The state of the decoder's training in one file that is replaced whole.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "decoder/lbfgs.h"

namespace gradspace::quality {

struct DecoderCheckpoint {
  int iteration = 0;
  std::vector<float> parameters;
  Lbfgs::Memory memory;
};

/// `identity` is what a run that continues must have in common. Throws IoError.
void write_decoder_checkpoint(const std::filesystem::path& path, const nlohmann::json& identity,
                              const DecoderCheckpoint& checkpoint);

/// Throws IoError; FormatError when the file is damaged; InvalidArgument when its identity is
/// another.
DecoderCheckpoint read_decoder_checkpoint(const std::filesystem::path& path,
                                          const nlohmann::json& identity);

}  // namespace gradspace::quality
