#include "cli/source_options.h"

#include <CLI/CLI.hpp>

#include "cli/progress.h"

namespace gradspace::cli {

void declare_hidden(CLI::App& app, SourceOptions& options) {
  options.commands = true;  // sources are named on the command line
  app.add_flag("--hidden", options.hidden,
               "Of folders take files and folders, too, whose names begin with a dot");
}

void say_passed_over(Progress& progress, const Source& source, const std::string& path) {
  if (const std::string remark = passed_over(source, path); !remark.empty()) {
    progress.say(remark);
  }
}

}  // namespace gradspace::cli
