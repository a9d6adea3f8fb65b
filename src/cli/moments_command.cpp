// gradspace moments: what Gaussian detectors are fitted to, in the place of rows.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "gradspace/moments.h"
#include "gradspace/mpi_module.h"
#include "gradspace/shared_moments.h"

namespace gradspace::cli {
namespace {

struct MomentsArguments {
  std::vector<std::string> sets;
  std::string out;
  std::string kind = std::string(name(MomentsOptions().kind));
  bool mpi = false;
  MomentsOptions options;
};

void write_result(const MomentsArguments& arguments, const FeatureMoments& moments) {
  write_moments(arguments.out, moments);
  print_line("{}: {} moments of {} rows of {} columns", arguments.out, name(moments.moments.kind),
             moments.moments.rows, moments.moments.columns());
}

int make_moments(const MomentsArguments& arguments) {
  const std::vector<std::filesystem::path> sets(arguments.sets.begin(), arguments.sets.end());
  refuse_inputs(arguments.out, sets);
  check_target(arguments.out);
  MomentsOptions options = arguments.options;
  options.kind = parse_moments_kind(arguments.kind);
  if (!arguments.mpi) {
    write_result(arguments, moments_of(sets, options));
    return 0;
  }
  Ranks& ranks = mpi_ranks();
  const FeatureMoments moments = moments_of(sets, options, ranks);
  if (ranks.rank() == 0) {
    write_result(arguments, moments);
  }
  leave_mpi();
  return 0;
}

}  // namespace

Command moments_command() {
  return {
      "moments", "Sum feature sets up into mean and covariance, which fit takes instead of them",
      "gradspace moments clean --out moments.safetensors",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<MomentsArguments>();
        MomentsArguments& a = *arguments;
        app.add_option("sets", a.sets,
                       "Feature sets, matrices of features (.npy) and files of moments, in this "
                       "order; each part of a merged job counts as a set of its own")
            ->required();
        app.add_option("--out", a.out, "File of moments to write (.safetensors)")->required();
        app.add_option("--kind", a.kind,
                       "diagonal (variances: for independent-gaussian), covariance, or fourth (and "
                       "what mahalanobis wants to shrink the covariance as it does of rows)")
            ->check(parsed_by(parse_moments_kind));
        app.add_option("--memory", a.options.memory_gib, "Most that the moments may take, in GiB")
            ->check(number_over(0));
        app.add_option("--threads", a.options.threads, "Threads to use; 0 = all cores")
            ->check(thread_count());
        app.add_flag("--mpi", a.mpi,
                     "Sum them up together with the other processes of an MPI job, such as mpirun "
                     "starts, each a run of the sets; the file is the same for any number");
        return [arguments] { return make_moments(*arguments); };
      }};
}

}  // namespace gradspace::cli
