// "--fast-decode": how a command's JPEG files are decoded.
#pragma once

#include <string>

#include "gradspace/decoding.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gradspace::cli {

/// The flag of a command that learns from images and records how they were decoded.
CLI::Option* declare_fast_decode(CLI::App& app, bool& asked);

/// The flag of a command that decodes as a file of ours says; `file` names it for people, such as "the model".
CLI::Option* declare_fast_decode_of(CLI::App& app, const std::string& file, bool& asked);

/// Throws InvalidArgument where fast decoding was asked for, but what `path` holds is for exact decoding.
void require_decoding(bool fast_was_asked, Decoding recorded, const std::string& path);

/// Throws WrongUsage where fast decoding was asked for of what is judged by tiles.
void refuse_fast_tiles(bool fast_was_asked, const std::string& command);

}  // namespace gradspace::cli
