#include "gradspace/shared_moments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"
#include "support/test_files.h"
#include "support/thread_ranks.h"

namespace gradspace {
namespace {

TEST(SharedMoments, HaveTheSameBitsForAnyNumberOfRanks) {
  const testing::TemporaryFolder folder;
  Random random(2);
  for (const std::size_t sets : {1U, 2U, 6U, 11U}) {
    std::vector<std::filesystem::path> paths;
    for (std::size_t i = 0; i < sets; ++i) {
      Tensor rows{{static_cast<std::int64_t>(1 + 90 * i), 3}, {}};
      for (std::int64_t k = 0; k < 3 * rows.shape[0]; ++k) {
        rows.values.push_back(static_cast<float>(5 + random.normal()));
      }
      paths.push_back(folder / (std::to_string(i) + ".npy"));
      write_npy(paths.back(), rows);
    }
    const FeatureMoments alone = moments_of(paths);
    for (const int size : {1, 2, 3, 4, 7}) {
      SCOPED_TRACE(std::to_string(sets) + " sets, " + std::to_string(size) + " ranks");
      testing::ThreadJob job(size);
      std::vector<FeatureMoments> sums(static_cast<std::size_t>(size));
      std::vector<std::thread> threads;
      for (int rank = 0; rank < size; ++rank) {
        threads.emplace_back([&, rank] {
          testing::ThreadRanks ranks(job, rank);
          MomentsOptions options;
          options.threads = 1;
          sums[static_cast<std::size_t>(rank)] = moments_of(paths, options, ranks);
        });
      }
      for (std::thread& thread : threads) {
        thread.join();
      }
      for (const FeatureMoments& sum : sums) {
        EXPECT_EQ(sum.moments.rows, alone.moments.rows);
        EXPECT_EQ(sum.moments.mean, alone.moments.mean);
        EXPECT_EQ(sum.moments.second, alone.moments.second);
        EXPECT_EQ(sum.moments.third, alone.moments.third);
        EXPECT_EQ(sum.moments.fourth, alone.moments.fourth);
        EXPECT_EQ(sum.quantiles, alone.quantiles);
        EXPECT_EQ(sum.meta.source_images, alone.meta.source_images);
      }
    }
  }
}

TEST(SharedMoments, OfNothingAreRefused) {
  testing::ThreadJob job(1);
  testing::ThreadRanks ranks(job, 0);
  EXPECT_THROW(moments_of({}, {}, ranks), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
