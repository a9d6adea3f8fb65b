#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/small_job.h"
#include "gradspace/error.h"
#include "support/python.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::run_shell;
using testing::SmallJob;

/// A folder with an `sbatch` that notes what it is given and prints a number.
class SlurmScripts : public ::testing::Test {
 protected:
  SlurmScripts() {
    write_file(
        small_.path("bin/sbatch"),
        std::string_view("#!/bin/sh\necho \"$*\" >>\"$SBATCH_LOG\"\nwc -l <\"$SBATCH_LOG\"\n"));
    fs::permissions(small_.path("bin/sbatch"), fs::perms::owner_all);
    options_.command = GRADSPACE_COMMAND;
  }

  std::string submit() {
    const auto output = run_shell(
        fmt::format("SBATCH_LOG='{}' PATH=\"{}:$PATH\" '{}' 2>&1", small_.path("log").string(),
                    small_.path("bin").string(), (small_.job() / "slurm/submit.sh").string()));
    EXPECT_EQ(output.status, 0) << output.text;
    return read_text_file(small_.path("log"));
  }

  struct MadeFolder {
    explicit MadeFolder(const fs::path& path) { fs::create_directories(path); }
  };
  SmallJob small_{7, 2};
  MadeFolder bin_{small_.path("bin")};
  SlurmOptions options_;
};

TEST_F(SlurmScripts, HandInAllShardsAndLaterWhatIsMissing) {
  small_.plan();
  options_.max_array_size = 3;
  options_.tasks_at_a_time = 2;
  write_slurm_scripts(small_.job(), options_);
  const std::string work = (fs::absolute(small_.job()) / "slurm/work.sbatch").string();
  const std::string merge = (fs::absolute(small_.job()) / "slurm/merge.sbatch").string();
  EXPECT_EQ(submit(), fmt::format("--parsable --array=0-2%2 {0} 0\n--parsable --array=0-2%2 {0} "
                                  "3\n--parsable --array=0%2 {0} 6\n"
                                  "--parsable --dependency=afterany:1:2:3 {1}\n",
                                  work, merge));
  // The script of a task does its shard, as Slurm would call it.
  for (const int offset : {0, 3}) {
    EXPECT_EQ(
        run_shell(fmt::format("SLURM_ARRAY_TASK_ID=2 bash '{}' {} 2>&1", work, offset)).status, 0);
  }
  EXPECT_EQ(job_status(small_.job()).count(ShardState::kDone), 2U);
  EXPECT_TRUE(fs::exists(small_.part(2)));
  EXPECT_TRUE(fs::exists(small_.part(5)));
  fs::remove(small_.path("log"));
  EXPECT_EQ(submit(), fmt::format("--parsable --array=0,1%2 {0} 0\n--parsable --array=0,1%2 {0} "
                                  "3\n--parsable --array=0%2 {0} 6\n"
                                  "--parsable --dependency=afterany:1:2:3 {1}\n",
                                  work, merge));
  work_on_shards(small_.job());
  fs::remove(small_.path("log"));
  EXPECT_EQ(submit(), fmt::format("--parsable {}\n", merge));
  EXPECT_EQ(run_shell(fmt::format("bash '{}'", merge)).status, 0);
  EXPECT_EQ(FeatureSet(small_.job()).size(), 14U);
}

TEST_F(SlurmScripts, BearTheOptionsThatWereGiven) {
  small_.plan();
  options_.lines = {"--partition=short", "--account=a b"};
  options_.time = "1-00:00:00";
  options_.memory = "700M";
  options_.cpus = 3;
  write_slurm_scripts(small_.job(), options_);
  const std::string text = read_text_file(small_.job() / "slurm/work.sbatch");
  for (const char* line :
       {"#SBATCH --partition=short\n", "#SBATCH --account=a b\n", "#SBATCH --time=1-00:00:00\n",
        "#SBATCH --mem=700M\n", "#SBATCH --cpus-per-task=3\n", "--threads 3 &"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(SlurmScripts, TakeNothingThatWouldBeAnotherLine) {
  small_.plan();
  for (const char* line : {"", "partition", "--a\n--b"}) {
    SlurmOptions options = options_;
    options.lines = {line};
    EXPECT_THROW(write_slurm_scripts(small_.job(), options), InvalidArgument) << line;
  }
  options_.time = "1\nrm -rf /";
  EXPECT_THROW(write_slurm_scripts(small_.job(), options_), InvalidArgument);
  EXPECT_THROW(write_slurm_scripts(small_.path("absent")), IoError);
}

}  // namespace
}  // namespace gradspace
