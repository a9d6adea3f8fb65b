// The training loop: what it learns, and that a run which was stopped ends like one which was not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "core/arena.h"
#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/gradcon.h"
#include "gradspace/gradcon_detector.h"
#include "gradspace/metrics.h"
#include "gradspace/scorer.h"
#include "support/striped_images.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

constexpr std::size_t kImages = 150;

class TrainGradCon : public ::testing::Test {
 protected:
  TrainGradCon() {
    options_ = gradcon_training();
    options_.epochs = 3;
    options_.batch = 32;  // 150 images: four whole batches and one of 22
    options_.seed = 3;
    options_.checkpoint = folder_ / "checkpoint";
  }

  TrainResult train(const TrainObserver& observer = {}) const {
    return train_gradcon(spec_, images_, validation_, options_, gradcon_, observer);
  }

  Detector detector_of(const TrainResult& result) const {
    return gradcon_detector(result.model, validation_.images(0, validation_.size()));
  }

  void expect_same(const TrainResult& a, const TrainResult& b) const {
    EXPECT_EQ(a.model.weights, b.model.weights);
    EXPECT_EQ(a.model.metadata, b.model.metadata);
    EXPECT_EQ(a.model.mean_gradients, b.model.mean_gradients);
    EXPECT_EQ(detector_of(a).weights, detector_of(b).weights);
    ASSERT_EQ(a.epochs.size(), b.epochs.size());
    for (std::size_t i = 0; i < a.epochs.size(); ++i) {
      EXPECT_EQ(a.epochs[i].train.loss, b.epochs[i].train.loss);
      EXPECT_EQ(a.epochs[i].validation.term("cosine"), b.epochs[i].validation.term("cosine"));
    }
  }

  testing::TemporaryFolder folder_;
  AutoencoderSpec spec_ = gradcon_autoencoder(1);
  ImageStore images_{testing::StripedSource(1, kImages, 1), spec_.input};
  ImageStore validation_{testing::StripedSource(1, 40, 2), spec_.input};
  TrainOptions options_;
  GradConOptions gradcon_;
};

TEST_F(TrainGradCon, LearnsToTellStripesItHasNotSeen) {
  // A weight of the alignment term that so few steps can do with.
  options_.epochs = 12;
  options_.batch = 8;
  options_.learning_rate = 2e-3;
  gradcon_.alignment = 0.003;
  options_.log_folder = folder_ / "log";
  const TrainResult result = train();
  ASSERT_EQ(result.epochs.size(), 12U);
  EXPECT_LT(result.epochs.back().train.term("error"),
            0.7 * result.epochs.front().train.term("error"));
  EXPECT_GT(result.epochs.back().train.term("cosine"), 0.1);
  EXPECT_LT(result.epochs.back().validation.loss, result.epochs.front().validation.loss);

  const Detector detector = detector_of(result);
  Scorer scorer(result.model, detector);
  std::vector<double> in;
  std::vector<double> out;
  for (std::uint64_t i = 0; i < 40; ++i) {
    in.push_back(scorer.score(testing::striped_image(0, 1000 + i)).score);
    out.push_back(scorer.score(testing::striped_image(1, 1000 + i)).score);
  }
  EXPECT_GT(detection_metrics(in, out, 0).auroc, 0.85);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "log"), {}), 1);
  const double threshold = calibrated_threshold(detector, 0.1);
  EXPECT_GT(detection_metrics(in, out, threshold).accuracy, 0.65);
}

TEST_F(TrainGradCon, AlignmentTermAlignsGradients) {
  options_.epochs = 4;
  options_.checkpoint.clear();
  const double with_term = train().epochs.back().validation.term("cosine");
  gradcon_.alignment = 0;
  const double without = train().epochs.back().validation.term("cosine");
  EXPECT_GT(with_term, without);
}

TEST_F(TrainGradCon, ContinuesWithTheSameBits) {
  options_.checkpoint.clear();
  const TrainResult whole = train();
  options_.checkpoint = folder_ / "checkpoint";
  TrainObserver observer;
  int steps = 0;
  observer.stop_requested = [&] { return ++steps == 8; };  // in the middle of the second epoch
  const TrainResult stopped = train(observer);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.epochs.size(), 1U);
  options_.resume = true;
  expect_same(train(), whole);
  // Everything is done: nothing is left but to say so again.
  expect_same(train(), whole);
}

TEST_F(TrainGradCon, GoesOnToMoreEpochsButNotToOthers) {
  options_.epochs = 1;
  train();
  options_.resume = true;
  options_.epochs = 2;
  EXPECT_EQ(train().epochs.size(), 2U);
  options_.epochs = 1;
  EXPECT_THAT([&] { train(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("2 epochs are done already")));
  options_.epochs = 3;
  gradcon_.alignment = 0.5;
  EXPECT_THAT([&] { train(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("alignment is 0.03 there, 0.5 here")));
}

TEST_F(TrainGradCon, DoesNotDependOnTheNumberOfThreads) {
  options_.epochs = 1;
  options_.checkpoint.clear();
  const TrainResult alone = in_arena(1, [&] { return train(); });
  expect_same(in_arena(4, [&] { return train(); }), alone);
}

TEST_F(TrainGradCon, TrainsAVariationalAutoencoder) {
  spec_ = gradcon_autoencoder(1, 8);
  options_.epochs = 2;
  const TrainResult result = train();
  EXPECT_LT(result.epochs.back().train.loss, result.epochs.front().train.loss);
  EXPECT_GT(result.epochs.back().train.term("kld"), 0);
  EXPECT_EQ(result.model.mean_gradients.size(), spec_.up.size());
  result.model.validate();
}

TEST_F(TrainGradCon, WritesItsHistory) {
  options_.epochs = 2;
  const TrainResult result = train();
  const std::string csv = training_csv(result.epochs);
  EXPECT_THAT(csv, StartsWith("epoch,train_loss,train_error,train_cosine,train_kld,"
                              "validation_loss,validation_error,validation_cosine,validation_kld,"
                              "best,seconds\n1,"));
  EXPECT_EQ(std::ranges::count(csv, '\n'), 3);
}

TEST_F(TrainGradCon, SaysWhatIsWrong) {
  gradcon_.alignment = -1;
  EXPECT_THAT([&] { train(); }, ThrowsMessage<InvalidArgument>(
                                    HasSubstr("alignment weight -1: must be a finite number")));
  gradcon_ = {};
  options_.checkpoint.clear();
  options_.resume = true;
  EXPECT_THAT([&] { train(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("checkpoint's file must be given")));
  options_.resume = false;
  spec_ = gradcon_autoencoder(3);
  EXPECT_THAT([&] { train(); },
              ThrowsMessage<InvalidArgument>(
                  AllOf(HasSubstr("28x28 with 1 channels"), HasSubstr("28x28 with 3"))));
  spec_ = gradcon_autoencoder(1);
  options_.epochs = 1;
  options_.learning_rate = 1e30;
  // Whether the loss shows it hangs on the processor.
  EXPECT_THAT([&] { train(); },
              ThrowsMessage<Error>(AnyOf(HasSubstr("the loss is not finite at epoch 1"),
                                         HasSubstr("is not finite after epoch 1"))));
}

}  // namespace
}  // namespace gradspace
