// Jobs that keep moments in the place of rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "cluster/job_folder.h"
#include "cluster/moments_part.h"
#include "cluster/part_record.h"
#include "cluster/small_job.h"
#include "core/checksum.h"
#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/fit_features.h"
#include "support/damage.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Heard;
using testing::SmallJob;
using ::testing::ThrowsMessage;

constexpr MomentsKind kEveryKind[] = {MomentsKind::kDiagonal, MomentsKind::kCovariance,
                                      MomentsKind::kFourth};

TEST(MomentsJob, MakesTheMomentsOfTheRows) {
  for (const MomentsKind kind : kEveryKind) {
    const SmallJob small(5, 7);
    write_file(small.shard_folder(3) / "003x.bmp", std::string_view("BM"));
    small.plan(milliseconds(200), kind);
    EXPECT_EQ(read_plan(small.job()).options.moments, kind);
    Heard heard;
    EXPECT_EQ(work_on_shards(small.job(), {}, heard.observer()).done, 5U);
    EXPECT_THAT(heard.remarks, ElementsAre(HasSubstr("shard 3: 1 of 8 images could not be read")));
    const JobStatus status = job_status(small.job());
    EXPECT_EQ(status.rows, 35U);
    EXPECT_EQ(status.failures, 1U);
    EXPECT_FALSE(status.merged);
    small.expect_merged_as_the_rows(kind);
    EXPECT_TRUE(job_status(small.job()).merged);
    const FeatureMoments merged = read_moments(small.job());
    EXPECT_EQ(merged.moments.rows, 35U);
    EXPECT_EQ(merged.failures, 1U);
    EXPECT_EQ(merged.meta.source, small.path("shards").string());
    // Not one row is left.
    for (const auto& entry : fs::recursive_directory_iterator(small.job())) {
      const std::string name = entry.path().filename().string();
      EXPECT_NE(name, "features.npy");
      EXPECT_NE(name, "index.csv");
    }
  }
}

TEST(MomentsJob, HasTheSameBytesWhoeverWorks) {
  std::vector<std::uint8_t> expected;
  for (const int workers : {1, 3, 5}) {
    const SmallJob small(11, 5);  // the pictures are the same in each
    small.plan(milliseconds(60'000), MomentsKind::kFourth);
    std::vector<std::thread> running;
    for (int i = 0; i < workers; ++i) {
      running.emplace_back([&, i] {
        WorkOptions options;
        options.threads = 1 + i % 2;
        options.batch = 1 + 3 * i;
        EXPECT_EQ(work_on_shards(small.job(), options).left, 0U);
      });
    }
    for (std::thread& worker : running) {
      worker.join();
    }
    EXPECT_TRUE(merge_parts(small.job()).missing.empty());
    FeatureMoments merged = read_moments(small.job());
    merged.meta.source = "shards";  // the folder is another one
    write_moments(small.path("m.safetensors"), merged);
    const std::vector<std::uint8_t> bytes = read_file(small.path("m.safetensors"));
    if (expected.empty()) {
      expected = bytes;
    }
    EXPECT_EQ(bytes, expected);
  }
}

/// A worker that is asked to stop in the middle of a shard.
void work_on_a_part(const SmallJob& small) {
  JobObserver observer;
  std::atomic<int> asked = 0;
  observer.stop_requested = [&] { return ++asked > 40; };
  WorkOptions options;
  options.batch = 1;
  options.threads = 1;
  EXPECT_TRUE(work_on_shards(small.job(), options, observer).stopped);
  EXPECT_FALSE(fs::exists(small.part(0)));
  EXPECT_THAT(missing_shards(small.job()), ElementsAre(0U));
}

/// The file that the worker left, which tells how far it was.
fs::path unfinished_moments(const SmallJob& small) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(small.job() / "work")) {
    if (entry.path().filename() == kUnfinishedMomentsFile) {
      return entry.path();
    }
  }
  return {};
}

void expect_nothing_left(const SmallJob& small) {
  for (const char* folder : {"claims", "work", "failed"}) {
    EXPECT_TRUE(fs::is_empty(small.job() / folder)) << folder;
  }
}

TEST(MomentsJob, GoesOnWithinAShardThatWasStopped) {
  const SmallJob small(1, 30);
  write_file(small.shard_folder(0) / "000.bmp", std::string_view("BM"));
  small.plan(milliseconds(60'000), MomentsKind::kCovariance);
  work_on_a_part(small);
  EXPECT_FALSE(unfinished_moments(small).empty());
  Heard heard;
  EXPECT_EQ(work_on_shards(small.job(), {}, heard.observer()).done, 1U);
  EXPECT_THAT(heard.remarks, Contains(ContainsRegex("shard 0: going on after [1-9][0-9]* of 30")));
  expect_nothing_left(small);
  EXPECT_EQ(job_status(small.job()).failures, 1U);
  small.expect_merged_as_the_rows(MomentsKind::kCovariance);
}

TEST(MomentsJob, BeginsAShardAnewWhoseUnfinishedPartIsDamaged) {
  const SmallJob small(1, 30);
  small.plan(milliseconds(60'000), MomentsKind::kDiagonal);
  work_on_a_part(small);
  const fs::path file = unfinished_moments(small);
  std::vector<std::uint8_t> bytes = read_file(file);
  bytes.resize(bytes.size() - 4);
  write_file(file, bytes);
  Heard heard;
  EXPECT_EQ(work_on_shards(small.job(), {}, heard.observer()).done, 1U);
  EXPECT_THAT(heard.remarks, Contains(HasSubstr("shard 0: begun anew")));
  small.expect_merged_as_the_rows(MomentsKind::kDiagonal);
}

TEST(MomentsJob, AShardWithoutAnImageFails) {
  const SmallJob small(2, 3);
  for (int i = 0; i < 3; ++i) {
    write_file(small.shard_folder(1) / fmt::format("{:03}.bmp", i), std::string_view("BM"));
  }
  small.plan(milliseconds(200), MomentsKind::kDiagonal);
  Heard heard;
  const WorkResult result = work_on_shards(small.job(), {}, heard.observer());
  EXPECT_EQ(result.failed, 1U);
  EXPECT_THAT(heard.failures, ElementsAre(HasSubstr("none of the 3 images could be read")));
  EXPECT_EQ(job_status(small.job()).states[1], ShardState::kFailed);
}

TEST(MomentsJob, OfADetectorKeepsQuantilesOfItsScores) {
  const SmallJob small(3, 8);
  small.extract_all("one");
  const FeatureSet one(small.path("one"));
  FeatureFitOptions fit;
  fit.false_alarms = 0.2;
  write_detector(small.path("d.safetensors"), fit_to_features({one, &one}, fit));
  PlanOptions options;
  options.detector = small.path("d.safetensors");
  options.moments = MomentsKind::kDiagonal;
  plan_shards(small.job(), small.model(), small.shards(), options);
  EXPECT_EQ(work_on_shards(small.job()).done, 3U);
  merge_parts(small.job());
  const FeatureMoments merged = read_moments(small.job());
  const std::vector<double> scores = detector_scores(read_detector(options.detector), one, "one");
  const QuantileSketch& sketch = merged.quantiles.at("").at("score");
  EXPECT_EQ(sketch.count(), scores.size());
  EXPECT_NEAR(sketch.largest() / *std::ranges::max_element(scores), 1, 1e-6);
  EXPECT_EQ(merged.quantiles.at("").size(), 4U);
}

TEST(MomentsJob, IsRefusedWhereMomentsTakeTooMuch) {
  const SmallJob small(1, 1);
  PlanOptions options;
  options.moments = MomentsKind::kFourth;
  options.memory_gib = 1e-6;
  EXPECT_THAT([&] { plan_shards(small.job(), small.model(), small.shards(), options); },
              ThrowsMessage<InvalidArgument>(HasSubstr("plan: fourth moments of")));
  EXPECT_FALSE(fs::exists(small.job()));
}

class FinishedMomentsJob : public ::testing::Test {
 protected:
  FinishedMomentsJob() {
    small_.plan(milliseconds(200), MomentsKind::kFourth);
    work_on_shards(small_.job());
  }

  fs::path moments(int shard) const { return small_.part(shard) / "moments.safetensors"; }

  SmallJob small_{5, 6};
};

TEST_F(FinishedMomentsJob, PartsOfOtherSizesAreDamaged) {
  fs::resize_file(moments(1), 500);
  fs::remove(moments(3));
  const JobStatus status = job_status(small_.job());
  EXPECT_EQ(status.count(ShardState::kDamaged), 2U);
  EXPECT_THAT(status.reports.front().text, HasSubstr("truncated or damaged"));
  EXPECT_THAT(status.reports.back().text, HasSubstr("is missing"));
  EXPECT_THAT(missing_shards(small_.job()), ElementsAre(1U, 3U));
  EXPECT_THAT(merge_parts(small_.job()).missing, ElementsAre(1U, 3U));
  EXPECT_FALSE(fs::exists(small_.job() / "moments.safetensors"));
  WorkOptions options;
  options.shards = {1, 3};
  EXPECT_EQ(work_on_shards(small_.job(), options).done, 2U);
  small_.expect_merged_as_the_rows(MomentsKind::kFourth);
}

TEST_F(FinishedMomentsJob, AByteThatHasChangedIsNoticedByMerge) {
  const std::size_t at = fs::file_size(moments(2)) - 100;
  testing::write_byte(moments(2), at, read_file(moments(2))[at] ^ 1U);
  EXPECT_EQ(job_status(small_.job()).count(ShardState::kDone), 5U);
  for (const bool verify : {false, true}) {
    Heard heard;
    MergeOptions options;
    options.verify = verify;
    const MergeResult result = merge_parts(small_.job(), options, heard.observer());
    EXPECT_THAT(result.missing, ElementsAre(2U));
    EXPECT_EQ(result.rows, 24U);
    EXPECT_EQ(result.parts, 4U);
    EXPECT_FALSE(fs::exists(small_.job() / "moments.safetensors"));
    EXPECT_EQ(heard.failures.size(), verify ? 0U : 1U);  // the first call has set it aside
  }
  work_on_shards(small_.job());
  small_.expect_merged_as_the_rows(MomentsKind::kFourth);
}

TEST_F(FinishedMomentsJob, AHeaderThatHasChangedIsNoticedByStatus) {
  const std::vector<std::uint8_t> bytes = read_file(moments(0));
  testing::write_byte(moments(0), 30, bytes[30] ^ 1U);
  EXPECT_EQ(job_status(small_.job()).states[0], ShardState::kDamaged);
  testing::write_byte(moments(0), 30, bytes[30]);
  testing::write_byte(moments(0), 7, 0x7F);  // a header of 2^62 bytes
  EXPECT_EQ(job_status(small_.job()).states[0], ShardState::kDamaged);
}

TEST_F(FinishedMomentsJob, WithoutSomeShardsKeepsTheOthersInTheirPlaces) {
  MomentsTree tree;
  for (int shard = 0; shard < 5; ++shard) {
    tree.add(shard == 1 ? std::nullopt : std::optional(read_moments(small_.part(shard))));
  }
  const FeatureMoments expected = tree.finish();
  fs::rename(small_.part(1), small_.path("away"));
  MergeOptions options;
  options.allow_missing = true;
  options.copy = small_.path("some.safetensors");
  const MergeResult result = merge_parts(small_.job(), options);
  EXPECT_THAT(result.missing, ElementsAre(1U));
  EXPECT_EQ(result.rows, 24U);
  const FeatureMoments merged = read_moments(options.copy);
  EXPECT_EQ(merged.moments.rows, 24U);
  EXPECT_EQ(merged.moments.second, expected.moments.second);
  EXPECT_EQ(merged.moments.third, expected.moments.third);
  EXPECT_FALSE(job_status(small_.job()).merged);
}

TEST_F(FinishedMomentsJob, AHostileRecordIsRefusedInALine) {
  const fs::path file = small_.part(0) / "part.json";
  const nlohmann::json good = parse_sealed_json(read_text_file(file), "part.json");
  const ShardPlan plan = read_plan(small_.job());
  const auto said_with = [&](const char* pointer, const nlohmann::json& value) -> std::string {
    nlohmann::json changed = good;
    changed[nlohmann::json::json_pointer(pointer)] = value;
    write_file(file, sealed_json(changed));
    try {
      check_part(small_.part(0), plan, 0);
    } catch (const FormatError& error) {
      return error.what();
    }
    return "not refused";
  };
  EXPECT_THAT(said_with("/bytes/moments.safetensors", 3), HasSubstr("wanted 3 and 0"));
  EXPECT_THAT(said_with("/bytes/moments.safetensors", "3"), HasSubstr("moments.safetensors"));
  EXPECT_THAT(said_with("/bytes", 3), HasSubstr("3 where an object is wanted"));
  EXPECT_THAT(said_with("/bytes/features.npy", 3), HasSubstr("truncated or damaged"));
  EXPECT_THAT(said_with("/meta_sha256", std::string(64, '0')),
              HasSubstr("moments.safetensors: is damaged"));
}

}  // namespace
}  // namespace gradspace
