#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "capi/c_objects.h"

namespace gradspace {
namespace {

using testing::c_image;
using testing::c_images;
using testing::expect_ok;
using ::testing::HasSubstr;

class CThreads : public testing::CObjects {
 protected:
  static constexpr int kThreads = 4;

  /// Calls work(thread's number) by several threads at once.
  template <typename Work>
  static void by_many(const Work& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&work, i] { work(i); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
};

TEST_F(CThreads, AScorerEachOfOneModelGivesTheSameScores) {
  const gradspace_detector* const detector = fit();
  const std::vector<gradspace_image> images = c_images(clean);
  std::vector<gradspace_score> wanted(images.size());
  expect_ok(
      gradspace_score_images(make_scorer(detector), images.data(), images.size(), wanted.data()));
  by_many([&](int) {
    gradspace_scorer* scorer = nullptr;
    expect_ok(gradspace_scorer_new(model, detector, 1, &scorer));
    for (std::size_t i = 0; i < images.size(); ++i) {
      gradspace_score score;
      expect_ok(gradspace_score_images(scorer, &images[i], 1, &score));
      EXPECT_EQ(score.score, wanted[i].score);
    }
    expect_ok(gradspace_close(scorer));
  });
}

TEST_F(CThreads, OneScorerOfManyThreadsIsBusyOrRight) {
  gradspace_scorer* const scorer = make_scorer(fit());
  const gradspace_image image = c_image(clean[0]);
  gradspace_score wanted;
  expect_ok(gradspace_score_images(scorer, &image, 1, &wanted));
  std::atomic<int> scored = 0;
  by_many([&](int) {
    for (int i = 0; i < 200; ++i) {
      gradspace_score score = {};
      const gradspace_status status = gradspace_score_images(scorer, &image, 1, &score);
      if (status == GRADSPACE_OK) {
        EXPECT_EQ(score.score, wanted.score);
        ++scored;
      } else {
        EXPECT_EQ(status, GRADSPACE_BUSY);
        EXPECT_STREQ(gradspace_last_error(),
                     "gradspace_score_images: another thread works with this scorer");
      }
    }
  });
  EXPECT_GT(scored, 0);
  expect_ok(gradspace_score_images(scorer, &image, 1, &wanted));
}

TEST_F(CThreads, AReferenceServesManyAtOnce) {
  gradspace_metric* metric = nullptr;
  expect_ok(gradspace_metric_new("gmsd", nullptr, &metric));
  keep(metric);
  gradspace_reference* reference = nullptr;
  const gradspace_image good = c_image(clean[0]);
  const gradspace_image bad = c_image(clean[1]);
  expect_ok(gradspace_reference_new(metric, &good, &reference));
  keep(reference);
  double wanted = 0;
  expect_ok(gradspace_reference_score(reference, &bad, &wanted));
  by_many([&](int) {
    for (int i = 0; i < 50; ++i) {
      double score = 0;
      expect_ok(gradspace_reference_score(reference, &bad, &score));
      EXPECT_EQ(score, wanted);
    }
  });
}

TEST_F(CThreads, AHandleMayBeClosedWhileOthersUseIt) {
  const gradspace_detector* const detector = fit();
  const gradspace_image image = c_image(clean[0]);
  for (int round = 0; round < 20; ++round) {
    gradspace_scorer* scorer = nullptr;
    expect_ok(gradspace_scorer_new(model, detector, 1, &scorer));
    std::atomic<int> closed = 0;
    by_many([&](int thread) {
      for (int i = 0; i < 20; ++i) {
        gradspace_score score;
        const gradspace_status status = gradspace_score_images(scorer, &image, 1, &score);
        EXPECT_TRUE(status == GRADSPACE_OK || status == GRADSPACE_BUSY ||
                    status == GRADSPACE_INVALID_HANDLE);
        if (i == 5 + thread) {
          closed += gradspace_close(scorer) == GRADSPACE_OK ? 1 : 0;
        }
      }
    });
    EXPECT_EQ(closed, 1);
  }
}

TEST_F(CThreads, EachThreadHasItsOwnLine) {
  gradspace_model* none = nullptr;
  EXPECT_EQ(gradspace_model_open("/nowhere/of-the-main-thread", &none), GRADSPACE_IO_ERROR);
  by_many([&](int thread) {
    EXPECT_STREQ(gradspace_last_error(), "");
    const std::string path = "/nowhere/" + std::to_string(thread);
    gradspace_model* missing = nullptr;
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(gradspace_model_open(path.c_str(), &missing), GRADSPACE_IO_ERROR);
      EXPECT_THAT(gradspace_last_error(), HasSubstr(path));
    }
  });
  EXPECT_THAT(gradspace_last_error(), HasSubstr("of-the-main-thread"));
}

}  // namespace
}  // namespace gradspace
