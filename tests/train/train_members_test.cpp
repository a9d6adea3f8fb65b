// Several autoencoders trained side by side are those that are trained one by one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "core/arena.h"
#include "gradspace/error.h"
#include "gradspace/train_members.h"
#include "support/test_files.h"
#include "train/fakes.h"

namespace gradspace {
namespace {

constexpr std::size_t kMembers = 3;

class TrainMembers : public ::testing::Test {
 protected:
  TrainMembers() {
    options_.epochs = 3;
    options_.batch = 8;
    options_.seed = 5;
  }

  static std::unique_ptr<TrainingBackend> make_backend(const Model& initial,
                                                       const TrainOptions& options) {
    return make_native_training(initial, options.step());
  }

  MembersResult train(const TrainObserver& observer = {}) {
    return train_members(spec_, images_, validation_, make_backend, options_, kMembers, observer);
  }

  testing::TemporaryFolder folder_;
  AutoencoderSpec spec_ = autoencoder_for(12, 12);
  ImageStore images_{testing::FakeSource(20, spec_.input, 1), spec_.input};
  ImageStore validation_{testing::FakeSource(6, spec_.input, 2), spec_.input};
  TrainOptions options_;
};

TEST_F(TrainMembers, EachIsTrainedAsByItself) {
  const MembersResult together = train();
  ASSERT_EQ(together.model.members(), kMembers);
  EXPECT_FALSE(together.stopped);
  EXPECT_TRUE(together.all_began());
  for (std::size_t i = 0; i < kMembers; ++i) {
    TrainOptions own = options_;
    own.seed = member_seed(options_.seed, i);
    const auto backend = make_backend(initialise(spec_, own.seed), own);
    const TrainResult alone = train_autoencoder(spec_, images_, validation_, *backend, own);
    EXPECT_EQ(fingerprint(member_of(together.model, i)), fingerprint(alone.model)) << i;
    EXPECT_EQ(together.members[i].best_epoch, alone.best_epoch);
  }
}

TEST_F(TrainMembers, AreTheSameOnAnyNumberOfThreads) {
  const std::string on_one = in_arena(1, [&] { return fingerprint(train().model); });
  EXPECT_EQ(in_arena(4, [&] { return fingerprint(train().model); }), on_one);
}

TEST_F(TrainMembers, TheFirstIsTheModelOfThatSeed) {
  EXPECT_EQ(member_seed(9, 0), 9U);
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::size_t member = 0; member < 8; ++member) {
      seeds.insert(member_seed(seed, member));
    }
  }
  EXPECT_EQ(seeds.size(), 160U);
}

TEST_F(TrainMembers, GoOnFromTheirCheckpoints) {
  const std::string undisturbed = fingerprint(train().model);
  options_.checkpoint = folder_ / "m.checkpoint";
  options_.resume = true;
  int epochs = 0;
  TrainObserver observer;
  observer.on_epoch = [&](const EpochRecord&) { ++epochs; };
  observer.stop_requested = [&] { return epochs >= 4; };
  const MembersResult stopped = in_arena(1, [&] { return train(observer); });
  EXPECT_TRUE(stopped.stopped);
  EXPECT_FALSE(stopped.all_began());  // one thread: the third member has not been begun
  EXPECT_EQ(epochs, 4);
  EXPECT_EQ(fingerprint(train().model), undisturbed);
  for (std::size_t i = 0; i < kMembers; ++i) {
    EXPECT_TRUE(std::filesystem::exists(member_checkpoint(options_.checkpoint, i))) << i;
  }
}

TEST_F(TrainMembers, LeaveOthersCheckpointsSoundWhereOneFails) {
  const std::string undisturbed = fingerprint(train().model);
  options_.checkpoint = folder_ / "m.checkpoint";
  options_.resume = true;
  options_.epochs = 30;
  const std::string whole = fingerprint(train().model);
  for (std::size_t i = 0; i < kMembers; ++i) {
    std::filesystem::remove(member_checkpoint(options_.checkpoint, i));
  }
  // Member 1 fails once the others are on their way; what they leave must be no more than they did.
  std::atomic<int> steps{0};
  TrainObserver observer;
  observer.on_step = [&](const TrainProgress&) {
    if (++steps == 20) {
      throw Error("a full disk");
    }
  };
  EXPECT_THROW(train(observer), Error);
  EXPECT_EQ(fingerprint(train().model), whole);
  EXPECT_NE(undisturbed, whole);
}

TEST_F(TrainMembers, ProgressIsOfAllTogether) {
  TrainObserver observer;
  std::size_t last = 0;
  observer.on_step = [&](const TrainProgress& progress) {
    EXPECT_GT(progress.images_done, last);
    EXPECT_EQ(progress.images_total, kMembers * 3 * 20);
    last = progress.images_done;
  };
  train(observer);
  EXPECT_EQ(last, kMembers * 3 * 20);
}

TEST_F(TrainMembers, AreKnownAgain) {
  const Model model = train().model;
  EXPECT_TRUE(are_trained_by(model, spec_, images_, validation_, options_, kMembers));
  EXPECT_FALSE(are_trained_by(model, spec_, images_, validation_, options_, 2));
  EXPECT_FALSE(
      are_trained_by(member_of(model, 0), spec_, images_, validation_, options_, kMembers));
  TrainOptions other = options_;
  other.seed = 6;
  EXPECT_FALSE(are_trained_by(model, spec_, images_, validation_, other, kMembers));
}

TEST_F(TrainMembers, AreSoManyAtMost) {
  EXPECT_THROW(train_members(spec_, images_, validation_, make_backend, options_, 0),
               InvalidArgument);
  EXPECT_THROW(train_members(spec_, images_, validation_, make_backend, options_, kMaxMembers + 1),
               InvalidArgument);
}

}  // namespace
}  // namespace gradspace
