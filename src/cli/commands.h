// The subcommands: each function is defined in a file of its own, `<name>_command.cpp`.
#pragma once

#include "cli/command.h"

namespace gradspace::cli {

// One line a subcommand.
Command challenge_command();
Command drift_command();
Command evaluate_command();
Command experiment_command();
Command extract_command();
Command fit_command();
Command gradcon_command();
Command import_command();
Command info_command();
Command iqa_benchmark_command();
Command iqa_command();
Command iqa_train_command();
Command reference_command();
Command report_command();
Command score_command();
Command train_command();

}  // namespace gradspace::cli
