// GradCon's experiment on the command line: `experiment gradcon`, and `gradcon benchmark`, its first name.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace gradspace::cli {

std::function<int()> declare_gradcon_experiment(CLI::App& app);

}  // namespace gradspace::cli
