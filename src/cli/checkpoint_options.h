// What the commands that train have in common: going on from a checkpoint, and what an interrupt leaves.
#pragma once

#include <filesystem>

namespace CLI {
class App;
}

namespace gradspace::cli {

struct CheckpointOptions {
  bool restart = false;
  bool finish_on_interrupt = false;
};

/// "--resume" (into `resume`), "--restart", "--finish-on-interrupt".
void declare_checkpoint_options(CLI::App& app, bool& resume, CheckpointOptions& options);

/// Throws WrongUsage where a checkpoint lies that the command line says nothing about: it may hold hours of
/// work, which training anew would overwrite.
void refuse_forgotten_checkpoint(const std::filesystem::path& checkpoint, bool resume,
                                 const CheckpointOptions& options);

/// Says that the training was interrupted, and how it goes on.
void say_interrupted(const std::filesystem::path& out, const std::filesystem::path& checkpoint,
                     const CheckpointOptions& options);

}  // namespace gradspace::cli
