#include "cli/projection_options.h"

#include <limits>

#include "cli/option_values.h"

namespace gradspace::cli {

std::vector<FeatureBlock> projected(std::vector<FeatureBlock> blocks,
                                    const ProjectionArguments& arguments) {
  return arguments.columns == 0 ? blocks
                                : project_features(blocks, arguments.columns, arguments.seed);
}

void declare_projection(CLI::App& app, ProjectionArguments& arguments) {
  auto* project =
      app.add_option("--project", arguments.columns,
                     "Features projected at random to so many columns, which keeps the distances "
                     "between images; of a model with several members, each member's (default: not "
                     "projected)")
          ->check(whole_number(1));
  app.add_option("--project-seed", arguments.seed, "Which projection")
      ->check(whole_number(0, std::numeric_limits<std::int64_t>::max()))
      ->needs(project);
  app.add_option("--dtype", arguments.dtype,
                 "How features are stored: f32, or f16, half the size, rounded to 11 bits; what is "
                 "over 65504 is stored as that")
      ->check(CLI::IsMember({"f32", "f16"}));
}

}  // namespace gradspace::cli
