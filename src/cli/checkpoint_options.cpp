#include "cli/checkpoint_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/output_target.h"

namespace gradspace::cli {

void declare_checkpoint_options(CLI::App& app, bool& resume, CheckpointOptions& options) {
  CLI::Option* const resume_option =
      app.add_flag("--resume", resume, "Go on from the checkpoint, where there is one");
  app.add_flag("--restart", options.restart, "Begin anew where there is a checkpoint")
      ->excludes(resume_option);
  app.add_flag("--finish-on-interrupt", options.finish_on_interrupt,
               "On an interrupt write what there is and exit with 0");
}

void refuse_forgotten_checkpoint(const std::filesystem::path& checkpoint, bool resume,
                                 const CheckpointOptions& options) {
  if (!resume && !options.restart && is_there(checkpoint)) {
    throw WrongUsage(
        fmt::format("{}: left by a training that was interrupted; --resume goes on from it, "
                    "--restart begins anew",
                    checkpoint.string()));
  }
}

void say_interrupted(const std::filesystem::path& out, const std::filesystem::path& checkpoint,
                     const CheckpointOptions& options) {
  say("gradspace: interrupted{}; --resume goes on from {}",
      options.finish_on_interrupt ? "" : fmt::format(": {} is not written", out.string()),
      checkpoint.string());
}

}  // namespace gradspace::cli
