// The ranks of a job as threads of the test, which share by a barrier.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradspace/ranks.h"

namespace gradspace::testing {

/// What the ranks of one job have in common.
struct ThreadJob {
  explicit ThreadJob(int ranks) : size(ranks), barrier(ranks) {}

  int size;
  std::barrier<> barrier;
  std::vector<std::byte> shared;
  std::atomic<std::uint64_t> counter = 0;
};

class ThreadRanks final : public Ranks {
 public:
  ThreadRanks(ThreadJob& job, int rank) : job_(job), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return job_.size; }
  void share(std::span<std::byte> bytes, std::span<const std::size_t> offsets) override {
    EXPECT_EQ(offsets.size(), static_cast<std::size_t>(job_.size) + 1);
    EXPECT_EQ(offsets.back(), bytes.size());
    if (rank_ == 0) {
      job_.shared.resize(bytes.size());
    }
    job_.barrier.arrive_and_wait();
    const auto at = static_cast<std::size_t>(rank_);
    std::ranges::copy(bytes.subspan(offsets[at], offsets[at + 1] - offsets[at]),
                      job_.shared.begin() + static_cast<std::ptrdiff_t>(offsets[at]));
    job_.barrier.arrive_and_wait();
    std::ranges::copy(job_.shared, bytes.begin());
    job_.barrier.arrive_and_wait();
  }
  std::uint64_t next() override { return job_.counter++; }

 private:
  ThreadJob& job_;
  int rank_;
};

}  // namespace gradspace::testing
