#include "cli/source_options.h"

#include <CLI/CLI.hpp>

namespace gradspace::cli {

void declare_hidden(CLI::App& app, SourceOptions& options) {
  app.add_flag("--hidden", options.hidden,
               "Of folders take files and folders, too, whose names begin with a dot");
}

}  // namespace gradspace::cli
