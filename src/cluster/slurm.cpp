// Scripts that hand a job in at Slurm.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "cluster/job_folder.h"
#include "core/file.h"
#include "core/options.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMostTasks = 4'000'000;  // of Slurm

/// One word for a POSIX shell.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + "'";
}

std::string further_lines(const SlurmOptions& options) {
  std::string lines;
  for (const std::string& line : options.lines) {
    lines += fmt::format("#SBATCH {}\n", line);
  }
  return lines;
}

std::string work_script(const fs::path& job, const SlurmOptions& options) {
  return fmt::format(
      R"(#!/bin/bash
# One task works on one shard: its own number in the array, more by what the script is given ($1).
#SBATCH --job-name=gradspace-work
#SBATCH --cpus-per-task={cpus}
#SBATCH --mem={memory}
#SBATCH --time={time}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output="{job}/slurm/work-%A_%a.log"
# A minute and a half before the time limit: the position in the shard is noted, and the task queues again.
#SBATCH --signal=B:TERM@90
{lines}
{command} work {quoted_job} --shards $((${{1:-0}} + SLURM_ARRAY_TASK_ID)) --threads {cpus} &
worker=$!
trap 'kill -TERM $worker' TERM
wait $worker
status=$?
if [ $status -gt 128 ] && kill -0 $worker 2>/dev/null; then  # the signal came; the worker notes its position
  wait $worker
  status=$?
fi
if [ $status = 143 ]; then
  scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
fi
exit $status
)",
      fmt::arg("cpus", options.cpus), fmt::arg("memory", options.memory),
      fmt::arg("time", options.time), fmt::arg("job", job.string()),
      fmt::arg("lines", further_lines(options)), fmt::arg("command", quoted(options.command)),
      fmt::arg("quoted_job", quoted(job.string())));
}

std::string merge_script(const fs::path& job, const SlurmOptions& options) {
  return fmt::format(
      R"(#!/bin/bash
#SBATCH --job-name=gradspace-merge
#SBATCH --cpus-per-task={cpus}
#SBATCH --mem={memory}
#SBATCH --time={time}
#SBATCH --output="{job}/slurm/merge-%j.log"
{lines}
exec {command} merge {quoted_job}
)",
      fmt::arg("cpus", options.cpus), fmt::arg("memory", options.memory),
      fmt::arg("time", options.time), fmt::arg("job", job.string()),
      fmt::arg("lines", further_lines(options)), fmt::arg("command", quoted(options.command)),
      fmt::arg("quoted_job", quoted(job.string())));
}

std::string submit_script(const fs::path& job, const SlurmOptions& options) {
  const std::string limit =
      options.tasks_at_a_time == 0 ? "" : fmt::format("%{}", options.tasks_at_a_time);
  return fmt::format(
      R"(#!/bin/bash
# Hands in what is missing of the job: all of it at first, later what was lost. Slurm takes arrays of up to
# {most} numbers, so that there may be several. Behind them comes the merge.
set -euo pipefail
job={quoted_job}
missing=$({command} status "$job" --missing --array-size {most})
behind=
while read -r offset numbers; do
  [ -n "$offset" ] || continue
  id=$(sbatch --parsable --array="$numbers{limit}" "$job/slurm/work.sbatch" "$offset")
  behind="$behind:${{id%%;*}}"
  echo "array ${{id%%;*}}: shards from $offset on: $numbers"
done <<<"$missing"
id=$(sbatch --parsable ${{behind:+--dependency=afterany$behind}} "$job/slurm/merge.sbatch")
echo "merge ${{id%%;*}}"
)",
      fmt::arg("most", options.max_array_size), fmt::arg("quoted_job", quoted(job.string())),
      fmt::arg("command", quoted(options.command)), fmt::arg("limit", limit));
}

}  // namespace

void SlurmOptions::validate() const {
  const OptionCheck check{"plan"};
  check(cpus >= 1, "cpus", cpus, "1 or more");
  check(max_array_size >= 1 && max_array_size <= kMostTasks, "array size", max_array_size,
        fmt::format("1 to {}", kMostTasks));
  std::vector<std::string> texts = lines;
  texts.insert(texts.end(), {command, memory, time});
  for (const std::string& text : texts) {
    if (text.empty() ||
        std::ranges::any_of(text, [](char c) { return c == '\n' || c == '\r' || c == '\0'; })) {
      throw InvalidArgument("plan: a text for Slurm's scripts is empty or has a line break");
    }
  }
  for (const std::string& line : lines) {
    check(line.starts_with('-'), "sbatch", line, "an option such as --partition=short");
  }
}

fs::path write_slurm_scripts(const fs::path& job_path, const SlurmOptions& options) {
  options.validate();
  const fs::path job = fs::absolute(job_path).lexically_normal();
  if (job.string().find_first_of("\n\r%\"") != std::string::npos) {
    throw InvalidArgument(
        fmt::format("{}: Slurm can't take a folder with a line break, a quote or a % in its name",
                    job.string()));
  }
  read_plan(job);
  const fs::path folder = JobFolder(job).slurm();
  make_folder(folder);
  write_file(folder / "work.sbatch", work_script(job, options));
  write_file(folder / "merge.sbatch", merge_script(job, options));
  fs::path submit = folder / "submit.sh";
  write_file(submit, submit_script(job, options));
  if (::chmod(submit.c_str(), 0755) != 0) {
    throw IoError(
        fmt::format("{}: can't be made executable: {}", submit.string(), last_system_error()));
  }
  return submit;
}

}  // namespace gradspace
