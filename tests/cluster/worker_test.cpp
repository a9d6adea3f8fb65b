#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "cluster/small_job.h"
#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/scorer.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Heard;
using testing::SmallJob;

/// Nothing but finished parts is left.
void expect_cleared_up(const SmallJob& small) {
  for (const char* folder : {"claims", "work", "failed"}) {
    EXPECT_TRUE(fs::is_empty(small.job() / folder)) << folder;
  }
}

/// Works until so many images of one shard are done, one at a time, and then stops.
WorkResult work_for_a_while(const SmallJob& small, int looks) {
  JobObserver observer;
  std::atomic<int> asked = 0;
  observer.stop_requested = [&] { return ++asked > looks; };
  WorkOptions options;
  options.batch = 1;
  options.threads = 1;
  return work_on_shards(small.job(), options, observer);
}

TEST(Work, MakesWhatOneExtractMakes) {
  const SmallJob small(5, 7);
  write_file(small.shard_folder(2) / "003x.bmp", std::string_view("BM"));
  small.plan();
  Heard heard;
  const WorkResult result = work_on_shards(small.job(), {}, heard.observer());
  EXPECT_EQ(result.done, 5U);
  EXPECT_EQ(result.left, 0U);
  EXPECT_THAT(heard.failures, ElementsAre());
  EXPECT_THAT(heard.remarks, ElementsAre(HasSubstr("shard 2: 1 of 8 images could not be read")));
  expect_cleared_up(small);
  small.expect_merged_as_one_extract();
  EXPECT_EQ(FeatureSet(small.part(2)).index_row(0).image.path, "shard-02/000.bmp");
}

TEST(Work, ByManyAtOnceMakesEveryPartOnce) {
  const SmallJob small(12, 6);
  small.plan();
  std::atomic<std::uint64_t> done = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      WorkOptions options;
      options.threads = 1;
      const WorkResult result = work_on_shards(small.job(), options);
      EXPECT_EQ(result.left, 0U);
      done += result.done;
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  EXPECT_EQ(done, 12U);
  expect_cleared_up(small);
  small.expect_merged_as_one_extract();
}

/// Ranks in one process that have nothing but a counter.
class CountingRanks final : public Ranks {
 public:
  explicit CountingRanks(std::atomic<std::uint64_t>& counter) : counter_(counter) {}

  int rank() const override { return 0; }
  int size() const override { return 3; }
  void share(std::span<std::byte> /*bytes*/, std::span<const std::size_t> /*offsets*/) override {
    throw Error("share: is not called");
  }
  std::uint64_t next() override { return counter_++; }

 private:
  std::atomic<std::uint64_t>& counter_;
};

TEST(Work, ByRanksThatShareACounterMakesEveryPartOnce) {
  const SmallJob small(12, 6);
  small.plan(std::chrono::minutes(1));
  std::atomic<std::uint64_t> counter = 0;
  std::atomic<std::uint64_t> done = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&] {
      CountingRanks ranks(counter);
      WorkOptions options;
      options.threads = 1;
      options.ranks = &ranks;
      const WorkResult result = work_on_shards(small.job(), options);
      EXPECT_EQ(result.left, 0U);
      done += result.done;
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  EXPECT_EQ(done, 12U);
  EXPECT_EQ(counter, 12U + 3U);  // each rank is told once that none is left
  expect_cleared_up(small);
  small.expect_merged_as_one_extract();
}

TEST(Work, OfARankThatIsStoppedIsDoneByOthers) {
  const SmallJob small(4, 6);
  small.plan();
  std::atomic<std::uint64_t> counter = 0;
  CountingRanks ranks(counter);
  WorkOptions options;
  options.ranks = &ranks;
  JobObserver stopping;
  stopping.stop_requested = [] { return true; };
  EXPECT_TRUE(work_on_shards(small.job(), options, stopping).stopped);
  EXPECT_EQ(counter, 1U);  // it has made the first call, which waits for all ranks
  EXPECT_EQ(work_on_shards(small.job(), options).done, 4U);
  small.expect_merged_as_one_extract();
}

TEST(Work, GoesOnInsideAShardThatWasGivenBack) {
  const SmallJob small(1, 30);
  small.plan(milliseconds(60'000));  // nobody waits for that
  EXPECT_TRUE(work_for_a_while(small, 40).stopped);
  EXPECT_FALSE(fs::exists(small.part(0)));
  Heard heard;
  EXPECT_EQ(work_on_shards(small.job(), {}, heard.observer()).done, 1U);
  EXPECT_THAT(heard.remarks, ElementsAre(HasSubstr("shard 0: going on after ")));
  expect_cleared_up(small);
  small.expect_merged_as_one_extract();
}

TEST(Work, TakesOverFromALostWorkerInsideItsShard) {
  const SmallJob small(1, 30);
  small.plan(milliseconds(100));
  EXPECT_TRUE(work_for_a_while(small, 40).stopped);
  // As a worker leaves it that is killed: the claim says that it is at work.
  write_file(small.job() / "claims/000000-1",
             std::string_view("{\"worker\": \"lost:1\", \"state\": \"working\"}"));
  WorkOptions hasty;
  hasty.wait = false;
  const WorkResult held = work_on_shards(small.job(), hasty);
  EXPECT_EQ(held.done, 0U);
  EXPECT_EQ(held.left, 1U);
  Heard heard;
  EXPECT_EQ(work_on_shards(small.job(), {}, heard.observer()).done, 1U);
  EXPECT_THAT(heard.remarks,
              ElementsAre(HasSubstr("taken over, its worker shows no sign of life: lost:1"),
                          HasSubstr("shard 0: going on after ")));
  expect_cleared_up(small);
  small.expect_merged_as_one_extract();
}

TEST(Work, BeginsAnewWhatIsDamagedOrOfOtherImages) {
  const SmallJob small(1, 30);
  small.plan();
  EXPECT_TRUE(work_for_a_while(small, 40).stopped);
  fs::resize_file(small.attempt(0, 1) / "set.partial/features.npy", 200);
  Heard damaged;
  EXPECT_TRUE(work_for_a_while(small, 40).stopped);
  testing::write_random_picture(small.shard_folder(0) / "000.bmp", 77);
  EXPECT_EQ(work_on_shards(small.job(), {}, damaged.observer()).done, 1U);
  EXPECT_THAT(damaged.remarks, ElementsAre(HasSubstr("begun anew")));
  small.expect_merged_as_one_extract();
}

TEST(Work, TheFirstOfTwoPartsCounts) {
  const SmallJob small(1, 5);
  small.plan();
  // While one worker is at its shard, another puts the part in place.
  JobObserver observer;
  bool other_has_worked = false;
  const auto long_ago = fs::last_write_time(small.model()) - std::chrono::hours(100);
  observer.stop_requested = [&] {
    const bool at_work = fs::exists(small.attempt(0, 1) / "set.partial");
    if (at_work && !other_has_worked) {
      other_has_worked = true;
      fs::remove(small.job() / "claims/000000-1");
      EXPECT_EQ(work_on_shards(small.job()).done, 1U);
      fs::last_write_time(small.part(0) / "part.json", long_ago);
    }
    return false;
  };
  EXPECT_EQ(work_on_shards(small.job(), {}, observer).left, 0U);
  EXPECT_TRUE(other_has_worked);
  EXPECT_EQ(fs::last_write_time(small.part(0) / "part.json"), long_ago);
  expect_cleared_up(small);
  small.expect_merged_as_one_extract();
}

TEST(Work, AShardThatFailsCostsNoOther) {
  SmallJob small(6, 3);
  std::vector<Shard> shards = small.shards();
  shards[0].rows = 4;
  shards[1].bytes = 10;  // a folder has no size of its own
  shards[2].uri = small.path("absent").string();
  fs::create_directory(small.path("empty"));
  shards[3].uri = small.path("empty").string();
  write_file(small.shard_folder(4) / "000.bmp", std::string_view("BM"));
  write_file(small.shard_folder(4) / "001.bmp", std::string_view("BM"));
  write_file(small.shard_folder(4) / "002.bmp", std::string_view("BM"));
  plan_shards(small.job(), small.model(), shards);
  Heard heard;
  const WorkResult result = work_on_shards(small.job(), {}, heard.observer());
  EXPECT_EQ(result.done, 1U);
  EXPECT_EQ(result.failed, 5U);
  EXPECT_EQ(result.left, 5U);
  std::ranges::sort(heard.failures);
  EXPECT_THAT(heard.failures,
              ElementsAre(HasSubstr("has changed since the plan was made: 3 images, wanted 4"),
                          HasSubstr("shard 1: "), HasSubstr("shard 2: "), HasSubstr("shard 3: "),
                          HasSubstr("shard 4: none of the 3 images could be read")));
  const JobStatus status = job_status(small.job());
  EXPECT_EQ(status.count(ShardState::kFailed), 5U);
  EXPECT_THAT(status.reports[0].text, HasSubstr("3 images, wanted 4"));

  // Those that failed are left alone, until they are asked for.
  EXPECT_EQ(work_on_shards(small.job()).failed, 0U);
  fs::remove_all(small.path("empty"));
  fs::copy(small.shard_folder(3), small.path("empty"));
  WorkOptions options;
  options.shards = {3};
  EXPECT_EQ(work_on_shards(small.job(), options).done, 1U);
  options.shards.clear();
  options.retry_failed = true;
  EXPECT_EQ(work_on_shards(small.job(), options).failed, 4U);
  EXPECT_EQ(job_status(small.job()).count(ShardState::kDone), 2U);
}

TEST(Work, AShardOfAnotherContentThanPlannedFails) {
  const SmallJob small(1, 1);
  const fs::path file = small.shard_folder(0) / "000.bmp";
  std::vector<Shard> shards = {{file.string(), fs::file_size(file), 1, std::string(64, '0')}};
  plan_shards(small.job(), small.model(), shards);
  Heard heard;
  EXPECT_EQ(work_on_shards(small.job(), {}, heard.observer()).failed, 1U);
  EXPECT_THAT(heard.failures, ElementsAre(HasSubstr("SHA-256")));
}

TEST(Work, WithAnotherModelIsRefused) {
  const SmallJob small(2, 2);
  small.plan();
  write_model(small.job() / "model.safetensors", initialise(testing::tiny_spec(), 2));
  try {
    work_on_shards(small.job());
    ADD_FAILURE() << "not refused";
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), HasSubstr("is another model"));
  }
  fs::copy_file(small.model(), small.job() / "model.safetensors",
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(work_on_shards(small.job()).done, 2U);
}

TEST(Work, MakesDamagedPartsAgainWhereTheyAreAskedFor) {
  const SmallJob small(3, 4);
  small.plan();
  work_on_shards(small.job());
  fs::resize_file(small.part(1) / "features.npy", 300);
  EXPECT_EQ(job_status(small.job()).states[1], ShardState::kDamaged);
  const std::vector<std::uint32_t> missing = missing_shards(small.job());
  EXPECT_THAT(missing, ElementsAre(1U));
  WorkOptions options;
  options.shards = missing;
  EXPECT_EQ(work_on_shards(small.job(), options).done, 1U);
  EXPECT_TRUE(fs::exists(small.job() / "damaged/000001-1/features.npy"));
  small.expect_merged_as_one_extract();
}

/// As of a worker that was killed between putting its part in place and clearing up.
void leave_behind(const SmallJob& small, int shard) {
  write_file(small.job() / "claims" / fmt::format("{:06}-2", shard), std::string_view("beat 1"));
  const fs::path work = small.job() / "work" / fmt::format("{:06}", shard);
  fs::create_directories(work / "1-x/set.partial");
  write_file(work / "1-x/set.partial/features.npy", std::string_view("rows"));
}

TEST(Work, ClearsUpBehindWorkersThatCouldNot) {
  const SmallJob small(3, 4);
  small.plan();
  work_on_shards(small.job());
  leave_behind(small, 1);
  EXPECT_EQ(work_on_shards(small.job()).done, 0U);
  expect_cleared_up(small);
  leave_behind(small, 2);
  EXPECT_TRUE(merge_parts(small.job()).missing.empty());
  expect_cleared_up(small);
  small.expect_merged_as_one_extract();
}

TEST(Work, IsNotStoppedByWhatLiesInTheFolder) {
  const SmallJob small(3, 4);
  small.plan(milliseconds(100));
  write_file(small.job() / "parts/000000", std::string_view("no folder"));
  write_file(small.job() / "parts/notes.txt", std::string_view("hello"));
  write_file(small.job() / "claims/000001-4", std::string_view("\xff\xfe"));
  fs::create_directories(small.job() / "claims/000002-1");
  fs::create_directories(small.job() / "work/000002/1-x/set/features.npy");
  write_file(small.job() / "work/000002/1-x/set/meta.json", std::string_view("{"));
  fs::create_directories(small.job() / "work/000001/x");
  write_file(small.job() / "failed/000002.json", std::string_view("{"));
  WorkOptions options;
  options.retry_failed = true;
  EXPECT_EQ(work_on_shards(small.job(), options).left, 0U);
  small.expect_merged_as_one_extract();
}

TEST(Work, ScoresWhereThePlanHasADetector) {
  const SmallJob small(3, 30);
  const Model model = read_model(small.model());
  const std::unique_ptr<Source> source = open_source(small.path("shards"));
  OneClassOptions fit;
  fit.method = "elbo";
  fit.false_alarms = 0.1;
  const Detector fitted = fit_to_images(model, {*source}, fit);
  write_detector(small.path("d.safetensors"), fitted);
  PlanOptions options;
  options.detector = small.path("d.safetensors");
  plan_shards(small.job(), small.model(), small.shards(), options);
  EXPECT_EQ(work_on_shards(small.job()).done, 3U);
  merge_parts(small.job());

  const FeatureSet set(small.job());
  ASSERT_EQ(set.size(), source->size());
  ASSERT_EQ(set.dimension(), 2U);
  EXPECT_EQ(text(set.meta().columns), "score,p_value");
  Scorer scorer(model, fitted);
  for (std::size_t i = 0; i < set.size(); ++i) {
    const Image image = source->load(i);
    const ImageScore score = scorer.score(ImageView(image));
    EXPECT_EQ(set.row(i)[0], static_cast<float>(score.score)) << i;
    EXPECT_EQ(set.row(i)[1], static_cast<float>(score.p_value)) << i;
    EXPECT_EQ(set.index_row(i).bce, score.bce) << i;
  }

  write_detector(small.job() / "detector.safetensors", [&] {
    Detector other = fitted;
    other.threshold += 1;
    return other;
  }());
  EXPECT_THROW(work_on_shards(small.job()), FormatError);
}

TEST(Work, OnShardsThatThereAreNotIsRefused) {
  const SmallJob small(1, 1);
  EXPECT_THROW(work_on_shards(small.job()), IoError);
  small.plan();
  WorkOptions options;
  options.shards = {1};
  EXPECT_THROW(work_on_shards(small.job(), options), InvalidArgument);
  options.shards = {};
  options.batch = 0;
  EXPECT_THROW(work_on_shards(small.job(), options), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
