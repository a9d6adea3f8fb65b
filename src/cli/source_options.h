// Which files of a folder a command takes.
#pragma once

#include "gradspace/source.h"

namespace CLI {
class App;
}

namespace gradspace::cli {

/// "--hidden".
void declare_hidden(CLI::App& app, SourceOptions& options);

}  // namespace gradspace::cli
