// gradspace plan: the plan of a job in shards, and scripts for Slurm.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/projection_options.h"
#include "cli/source_options.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"
#include "gradspace/tiles.h"

namespace gradspace::cli {
namespace {

struct PlanArguments {
  std::string job;
  std::string model;
  std::vector<std::string> data;
  std::string list;
  std::string detector;
  std::string moments;
  std::string instructions = "best";
  ProjectionArguments projection;
  std::string tiles;
  std::size_t tiles_per_image = 0;
  std::uint64_t seed = 0;
  double lost_after_s = 60;
  bool slurm = false;
  PlanOptions options;
  SlurmOptions slurm_options;
};

InstructionSet instruction_set_of(const std::string& text) {
  for (const InstructionSet set : available_instruction_sets()) {
    if (name(set) == text) {
      return set;
    }
  }
  return InstructionSet::kBest;  // the option's check lets nothing else through
}

std::vector<std::string> instruction_words() {
  std::vector<std::string> words = {"best"};
  for (const InstructionSet set : available_instruction_sets()) {
    words.emplace_back(name(set));
  }
  return words;
}

void make_plan(const PlanArguments& arguments) {
  std::vector<Shard> shards;
  for (const std::string& uri : arguments.data) {
    shards.push_back({uri});
  }
  if (!arguments.list.empty()) {
    std::vector<Shard> listed = read_shard_list(arguments.list);
    shards.insert(shards.end(), listed.begin(), listed.end());
  }
  PlanOptions options = arguments.options;
  options.detector = arguments.detector;
  options.project = arguments.projection.columns;
  options.project_seed = arguments.projection.seed;
  options.type = parse_feature_type(arguments.projection.dtype);
  if (!arguments.tiles.empty()) {
    options.tiles = {parse_tiling(arguments.tiles), arguments.tiles_per_image, arguments.seed};
  }
  if (!arguments.moments.empty()) {
    options.moments = parse_moments_kind(arguments.moments);
  }
  options.instruction_set = instruction_set_of(arguments.instructions);
  options.lost_after = std::chrono::milliseconds(
      static_cast<std::int64_t>(std::lround(arguments.lost_after_s * 1e3)));
  check_usage([&] { options.validate(); });
  const ShardPlan plan = plan_shards(arguments.job, arguments.model, std::move(shards), options);
  const std::string kept =
      plan.options.moments ? fmt::format("{} moments of ", name(*plan.options.moments)) : "";
  print_line("{}: {} shards, {}{}{}", arguments.job, plan.shards.size(), kept,
             plan.options.features,
             options.project == 0 ? std::string()
                                  : fmt::format(" projected to {} columns", options.project));
}

int plan(const PlanArguments& arguments) {
  check_usage([&] { arguments.slurm_options.validate(); });
  const bool has_shards = !arguments.data.empty() || !arguments.list.empty();
  const bool scripts_alone = arguments.slurm && arguments.model.empty() && !has_shards;
  if (!scripts_alone) {
    if (arguments.model.empty() || !has_shards) {
      throw WrongUsage("plan: --model, and --data or --list, are needed");
    }
    make_plan(arguments);
  }
  if (arguments.slurm) {
    print_line("{}", write_slurm_scripts(arguments.job, arguments.slurm_options).string());
  }
  return 0;
}

void declare_slurm(CLI::App& app, PlanArguments& a) {
  SlurmOptions& s = a.slurm_options;
  auto* slurm =
      app.add_flag("--slurm", a.slurm,
                   "Write scripts for Slurm to JOB/slurm, also of a job that is planned already");
  app.add_option("--sbatch", s.lines,
                 "A further option of sbatch, such as --sbatch=--partition=short; repeat it")
      ->needs(slurm);
  app.add_option("--tasks-at-a-time", s.tasks_at_a_time,
                 "Most tasks of an array that run at a time; 0 = no limit")
      ->check(whole_number(0))
      ->needs(slurm);
  app.add_option("--max-array-size", s.max_array_size,
                 "The cluster's MaxArraySize (scontrol show config)")
      ->check(whole_number(1, 4'000'000))
      ->needs(slurm);
  app.add_option("--cpus", s.cpus, "Cores of a task")->check(whole_number(1, 4096))->needs(slurm);
  app.add_option("--memory", s.memory, "Memory of a task")->needs(slurm);
  app.add_option("--time", s.time,
                 "Time limit of a task, which goes on later where that is too little")
      ->needs(slurm);
  app.add_option("--command", s.command, "The command gradspace, as the nodes call it")
      ->needs(slurm);
}

}  // namespace

Command plan_command() {
  return {
      "plan", "Plan the features of very many images, in shards that any number of workers take",
      "gradspace plan job --model model.safetensors --data shards/*",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<PlanArguments>();
        PlanArguments& a = *arguments;
        app.add_option("job", a.job,
                       "Folder of the job, new, on a file system that all workers share")
            ->required();
        app.add_option("--model", a.model, "Model file (.safetensors); it is copied to the job");
        app.add_option("--data", a.data, "The shards: what extract takes as --data, each");
        app.add_option(
            "--list", a.list,
            "A file that lists shards: one a line, or CSV with the columns uri and, where they are "
            "known, bytes, rows, sha256");
        auto* features = app.add_option("--features", a.options.features,
                                        "As of extract (without it: the paper's)");
        declare_projection(app, a.projection);
        app.add_option("--detector", a.detector,
                       "Instead of features, the scores and p-values of this detector, two columns")
            ->excludes(features);
        auto* tiles =
            app.add_option("--tiles", a.tiles, "As of extract: features of tiles of this size")
                ->check(parsed_by(parse_tiling));
        auto* per_image =
            app.add_option("--tiles-per-image", a.tiles_per_image,
                           "Tiles of each photograph; needed with --tiles (no default: nobody has "
                           "counted the photographs)")
                ->check(whole_number(1))
                ->needs(tiles);
        tiles->needs(per_image);  // how many photographs there are nobody has counted
        app.add_option("--seed", a.seed, "Places of the tiles")
            ->check(whole_number(0, std::numeric_limits<std::int64_t>::max()))
            ->needs(tiles);
        auto* moments =
            app.add_option("--moments", a.moments,
                           "Keep of each shard its moments alone, which fit takes, and no rows: "
                           "diagonal, covariance or fourth, as of gradspace moments")
                ->check(parsed_by(parse_moments_kind));
        app.add_option("--moments-memory", a.options.memory_gib,
                       "Most that the moments of a shard may take, in GiB")
            ->check(number_over(0))
            ->needs(moments);
        app.add_option("--source", a.options.source, "As of extract")
            ->check(parsed_by([](const std::string& text) { parse_source_kind(text); }));
        declare_hidden(app, a.options.source_options);
        app.add_option("--backend", a.options.backend.name, "native or torch")
            ->check(CLI::IsMember({"native", "torch"}));
        app.add_option("--device", a.options.backend.device,
                       "cpu, or cuda[:N] with --backend torch");
        app.add_option("--instructions", a.instructions,
                       "Instructions that all workers' processors must have, so that results are "
                       "the same bits: "
                       "best (of this processor), or sse4, avx2, avx512, neon")
            ->check(one_of(instruction_words()));
        app.add_option("--lost-after", a.lost_after_s,
                       "Seconds without a sign of life after which a worker's shard is taken over")
            ->check(number_from(0.1));
        declare_slurm(app, a);
        return [arguments] { return plan(*arguments); };
      }};
}

}  // namespace gradspace::cli
