#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/claim.h"
#include "cluster/small_job.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::SmallJob;

TEST(Status, IsRightAtEveryStep) {
  const SmallJob small(5, 3);
  EXPECT_THROW(job_status(small.job()), IoError);
  small.plan(milliseconds(500));
  EXPECT_EQ(job_status(small.job()).count(ShardState::kMissing), 5U);
  EXPECT_THAT(missing_shards(small.job()), ElementsAre(0U, 1U, 2U, 3U, 4U));

  WorkOptions options;
  options.shards = {1, 3};
  work_on_shards(small.job(), options);
  const JobFolder job(small.job());
  const auto alive = Claim::take(job, 0, 1, milliseconds(10));
  alive->set_progress({2, 3});
  write_file(job.claims() / "000002-1", std::string_view("dead"));
  const auto given_back = Claim::take(job, 4, 1, milliseconds(10));
  given_back->give_back();

  const JobStatus status = job_status(small.job());
  EXPECT_EQ(status.states,
            (std::vector<ShardState>{ShardState::kClaimed, ShardState::kDone, ShardState::kClaimed,
                                     ShardState::kDone, ShardState::kMissing}));
  EXPECT_EQ(status.rows, 6U);
  EXPECT_EQ(status.images, 6U);
  EXPECT_EQ(status.failures, 0U);
  EXPECT_FALSE(status.merged);
  ASSERT_EQ(status.reports.size(), 2U);
  EXPECT_THAT(status.reports[0].text, HasSubstr(worker_name()));
  EXPECT_EQ(status.reports[1].text, "an unknown worker");
  // Whom a heart beats for is not missing; a claim alone is no sign of life.
  EXPECT_THAT(missing_shards(small.job()), ElementsAre(2U, 4U));
}

}  // namespace
}  // namespace gradspace
