#include "cli/commands.h"

namespace gradspace::cli {

// One line a subcommand, in the order of the list that --help prints.
std::vector<Command> all_commands() {
  // clang-format off
  return {
      challenge_command(),
      train_command(),
      extract_command(),
      fit_command(),
      evaluate_command(),
      score_command(),
      drift_command(),
      experiment_command(),
      report_command(),
      iqa_command(),
      iqa_benchmark_command(),
      iqa_train_command(),
      gradcon_command(),
      import_command(),
      info_command(),
      reference_command(),  // hidden
  };
  // clang-format on
}

}  // namespace gradspace::cli
