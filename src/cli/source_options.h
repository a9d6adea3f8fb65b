// Which files of a folder a command takes.
#pragma once

#include <string>

#include "gradspace/source.h"

namespace CLI {
class App;
}

namespace gradspace::cli {

class Progress;

/// "--hidden"; and sources may be commands ("pipe:COMMAND").
void declare_hidden(CLI::App& app, SourceOptions& options);

/// Says what of a folder, named `path`, the source passed over, where it did.
void say_passed_over(Progress& progress, const Source& source, const std::string& path);

}  // namespace gradspace::cli
