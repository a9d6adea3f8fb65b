// How features are stored: projected to fewer columns, in 32 or 16 bits.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gradspace/gradient.h"

namespace gradspace::cli {

struct ProjectionArguments {
  std::size_t columns = 0;  ///< 0: no projection
  std::uint64_t seed = 0;
  std::string dtype = "f32";
};

/// `blocks`, projected where it is asked for.
std::vector<FeatureBlock> projected(std::vector<FeatureBlock> blocks,
                                    const ProjectionArguments& arguments);

/// --project, --project-seed and --dtype.
void declare_projection(CLI::App& app, ProjectionArguments& arguments);

}  // namespace gradspace::cli
