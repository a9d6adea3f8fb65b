// Other programs' files turned into ours.
#pragma once

#include <filesystem>
#include <string>

#include "gradspace/export.h"
#include "gradspace/model.h"

namespace gradspace {

/// Turns a PyTorch checkpoint into a model file of the description `spec`, or a MATLAB file with a quality
/// decoder into a decoder file; recognised by their first bytes. Nothing in the file is run. Returns one
/// line that says what was made of what. Throws IoError (also while somebody else writes
/// `out`, see output_lock.h), FormatError.
GRADSPACE_API std::string import_file(const std::filesystem::path& file,
                                      const std::filesystem::path& out,
                                      const AutoencoderSpec& spec = {});

}  // namespace gradspace
