// The detector's half of GradCon's files.
#pragma once

#include "gradspace/detector.h"
#include "gradspace/safetensors.h"

namespace gradspace {

inline constexpr const char* kGradConKind = "gradcon";

/// Throws FormatError; `path` is the file's own.
Detector detector_of_gradcon_file(SafeTensors file, const std::filesystem::path& path);

}  // namespace gradspace
