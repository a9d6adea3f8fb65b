#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/train.h"
#include "support/test_files.h"
#include "train/fakes.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAreArray;

constexpr std::size_t kTrainImages = 10;
constexpr int kEpochs = 4;

/// What a kill is to the loop: it does not come back.
struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

class TrainAutoencoder : public ::testing::Test {
 protected:
  TrainAutoencoder() {
    options_.epochs = kEpochs;
    options_.batch = 4;  // 10 images: 4, 4, 2
    options_.seed = 3;
    options_.learning_rate = 0.05;
    options_.checkpoint = folder_ / "checkpoint";
  }

  TrainResult train(const TrainObserver& observer = {}) {
    backend_.emplace(initialise(spec_, options_.seed), options_);
    return go_on(observer);
  }

  TrainResult go_on(const TrainObserver& observer = {}) {
    return train_autoencoder(spec_, images_, validation_, *backend_, options_, observer);
  }

  /// Trains without a checkpoint and without a stop.
  TrainResult train_undisturbed() {
    const auto checkpoint = std::exchange(options_.checkpoint, {});
    TrainResult result = train();
    options_.checkpoint = checkpoint;
    return result;
  }

  TrainResult resume(const TrainObserver& observer = {}) {
    options_.resume = true;
    return train(observer);
  }

  static void expect_same(const TrainResult& a, const TrainResult& b) {
    EXPECT_EQ(a.model.weights, b.model.weights);
    EXPECT_EQ(a.model.metadata, b.model.metadata);
    EXPECT_EQ(a.best_epoch, b.best_epoch);
    EXPECT_EQ(a.stopped, b.stopped);
    ASSERT_EQ(a.epochs.size(), b.epochs.size());
    for (std::size_t i = 0; i < a.epochs.size(); ++i) {
      EXPECT_EQ(a.epochs[i].train.loss, b.epochs[i].train.loss);
      EXPECT_EQ(a.epochs[i].validation.loss, b.epochs[i].validation.loss);
      EXPECT_EQ(a.epochs[i].best, b.epochs[i].best);
    }
  }

  testing::TemporaryFolder folder_;
  AutoencoderSpec spec_ = testing::tiny_spec();
  ImageStore images_{testing::FakeSource(kTrainImages, {1, 4, 4}, 1), {1, 4, 4}};
  ImageStore validation_{testing::FakeSource(5, {1, 4, 4}, 2), {1, 4, 4}};
  TrainOptions options_;
  std::optional<testing::FakeBackend> backend_;
};

TrainObserver kill_at_image(std::size_t images_done) {
  TrainObserver observer;
  observer.on_step = [=](const TrainProgress& progress) {
    if (progress.images_done == images_done) {
      throw Killed();
    }
  };
  return observer;
}

TrainObserver kill_after_epoch(int epoch) {
  TrainObserver observer;
  observer.on_epoch = [=](const EpochRecord& record) {
    if (record.epoch == epoch) {
      throw Killed();
    }
  };
  return observer;
}

TEST_F(TrainAutoencoder, EndsTheSameAfterAKillAtAnyStep) {
  const TrainResult undisturbed = train_undisturbed();
  for (std::size_t epoch = 0; epoch < kEpochs; ++epoch) {
    for (const std::size_t step_end : {4U, 8U, 10U}) {
      std::filesystem::remove(options_.checkpoint);
      EXPECT_THROW(train(kill_at_image(epoch * kTrainImages + step_end)), Killed);
      expect_same(resume(), undisturbed);
      options_.resume = false;
    }
  }
}

TEST_F(TrainAutoencoder, EndsTheSameAfterAKillAtEveryEpochBoundary) {
  const TrainResult undisturbed = train_undisturbed();
  options_.resume = true;
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    EXPECT_THROW(train(kill_after_epoch(epoch)), Killed);
    EXPECT_EQ(backend_->recorded.size(), 3U) << "an epoch was trained twice";
  }
  expect_same(train(), undisturbed);
  EXPECT_EQ(backend_->recorded.size(), 0U);
}

TEST_F(TrainAutoencoder, ResumesWithMoreEpochsButNotWithLessThanDone) {
  options_.epochs = 2;
  train();
  options_.epochs = 1;
  EXPECT_THAT([&] { resume(); },
              ThrowsMessage<InvalidArgument>(AllOf(HasSubstr("checkpoint: 2 epochs are done"),
                                                   HasSubstr("more than the 1 asked for"))));
  options_.epochs = kEpochs;
  const TrainResult extended = resume();
  options_.resume = false;
  expect_same(extended, train_undisturbed());
}

TEST_F(TrainAutoencoder, ResumesFromNothingByStarting) {
  const TrainResult undisturbed = train_undisturbed();
  expect_same(resume(), undisturbed);
}

TEST_F(TrainAutoencoder, IgnoresACheckpointUnlessAskedToResume) {
  EXPECT_THROW(train(kill_after_epoch(2)), Killed);
  train();
  EXPECT_EQ(backend_->recorded.size(), 3U * kEpochs);
}

TEST_F(TrainAutoencoder, RefusesACheckpointOfOtherOptions) {
  EXPECT_THROW(train(kill_after_epoch(1)), Killed);
  const std::map<std::string, std::function<void(TrainOptions&)>> changes = {
      {"batch is 4 there, 5 here", [](TrainOptions& o) { o.batch = 5; }},
      {"learning_rate is 0.05 there, 0.5 here", [](TrainOptions& o) { o.learning_rate = 0.5; }},
      {"beta is 1.0 there, 2.5 here", [](TrainOptions& o) { o.beta = 2.5; }},
      {"seed is 3 there, 4 here", [](TrainOptions& o) { o.seed = 4; }},
      {"backend is native there, torch here", [](TrainOptions& o) { o.backend = "torch"; }},
  };
  const TrainOptions right = options_;
  for (const auto& [message, change] : changes) {
    options_ = right;
    change(options_);
    EXPECT_THAT([&] { resume(); }, ThrowsMessage<InvalidArgument>(AllOf(
                                       HasSubstr("checkpoint: belongs to another run: " + message),
                                       ::testing::Not(HasSubstr(";")))));
  }
}

TEST_F(TrainAutoencoder, RefusesACheckpointOfOtherDataOrDescription) {
  EXPECT_THROW(train(kill_after_epoch(1)), Killed);
  options_.resume = true;
  const ImageStore others(testing::FakeSource(kTrainImages, {1, 4, 4}, 99), {1, 4, 4});
  EXPECT_THAT([&] { train_autoencoder(spec_, others, validation_, *backend_, options_); },
              ThrowsMessage<InvalidArgument>(HasSubstr("train_sha256 is " + images_.digest())));
  EXPECT_THAT([&] { train_autoencoder(spec_, images_, images_, *backend_, options_); },
              ThrowsMessage<InvalidArgument>(AllOf(HasSubstr("validation_images is 5 there, 10"),
                                                   HasSubstr("validation_sha256 is"))));
  spec_.latent = 3;
  EXPECT_THAT([&] { train(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("latent is 2 there, 3 here")));
}

TEST_F(TrainAutoencoder, NeverGoesOnFromADamagedCheckpoint) {
  const TrainResult undisturbed = train_undisturbed();
  EXPECT_THROW(train(kill_after_epoch(2)), Killed);
  const std::vector<std::uint8_t> good = read_file(options_.checkpoint);
  options_.resume = true;
  // A byte may carry nothing that matters (the version that wrote it): then the end is right.
  const auto refused_by_name = [&](std::span<const std::uint8_t> bytes) {
    write_file(options_.checkpoint, bytes);
    try {
      expect_same(train(), undisturbed);
      return false;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(options_.checkpoint.string()));
      return true;
    }
  };
  for (std::size_t size = 0; size < good.size(); size += 97) {
    EXPECT_TRUE(refused_by_name(std::span(good).first(size))) << size << " bytes left";
  }
  int refused = 0;
  int tried = 0;
  for (std::size_t i = 0; i < good.size(); i += 23) {
    std::vector<std::uint8_t> bad = good;
    bad[i] ^= 0x01U;
    refused += refused_by_name(bad) ? 1 : 0;
    ++tried;
  }
  EXPECT_GT(refused, tried * 9 / 10);
}

TEST_F(TrainAutoencoder, StopsOnRequestAndGoesOnLater) {
  const TrainResult undisturbed = train_undisturbed();
  int steps = 0;
  TrainObserver observer;
  observer.stop_requested = [&] { return ++steps == 8; };  // within the third epoch
  const TrainResult stopped = train(observer);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.epochs.size(), 2U);
  EXPECT_EQ(backend_->recorded.size(), 8U) << "the request is honoured at once";
  EXPECT_GE(stopped.best_epoch, 1);
  EXPECT_NO_THROW(stopped.model.validate());
  EXPECT_TRUE(nlohmann::json::parse(stopped.model.metadata.at("training")).at("stopped"));
  expect_same(resume(), undisturbed);
}

TEST_F(TrainAutoencoder, StoppedBeforeTheFirstEpochHasTheInitialWeights) {
  TrainObserver observer;
  observer.stop_requested = [] { return true; };
  const TrainResult stopped = train(observer);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.best_epoch, 0);
  EXPECT_EQ(stopped.model.weights, initialise(spec_, options_.seed).weights);
  EXPECT_FALSE(std::filesystem::exists(options_.checkpoint));
}

TEST_F(TrainAutoencoder, ARequestWithTheLastStepLosesNothing) {
  int asked = 0;
  TrainObserver observer;
  observer.stop_requested = [&] { return ++asked >= 3; };  // the third step ends the epoch
  const TrainResult stopped = train(observer);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.epochs.size(), 1U);
}

TEST_F(TrainAutoencoder, KeepsTheWeightsOfTheLeastValidationLoss) {
  options_.epochs = 5;
  options_.batch = 16;  // one batch of validation an epoch
  backend_.emplace(initialise(spec_, options_.seed), options_);
  backend_->scripted_validation = {50, 30, 40, 30, 45};  // the first of equals stays
  std::vector<float> first_weights;
  TrainObserver observer;
  observer.on_epoch = [&](const EpochRecord&) {
    first_weights.push_back(backend_->state().at("fc2.weight").values[0]);
  };
  const TrainResult result = go_on(observer);
  EXPECT_EQ(result.best_epoch, 2);
  EXPECT_EQ(result.model.weights.at("fc2.weight").values[0], first_weights[1]);
  EXPECT_NE(first_weights[1], first_weights[4]);
  std::vector<bool> best;
  for (const EpochRecord& record : result.epochs) {
    best.push_back(record.best);
  }
  EXPECT_THAT(best, ElementsAre(true, true, false, false, false));
  EXPECT_EQ(result.epochs[1].validation.loss, 30.0 / 5);
  const auto training = nlohmann::json::parse(result.model.metadata.at("training"));
  EXPECT_EQ(training.at("best").at("validation_loss"), 6.0);
  EXPECT_EQ(training.at("last").at("validation_loss"), 9.0);
}

std::vector<std::vector<std::uint8_t>> images_in(std::span<const std::uint8_t> pixels) {
  std::vector<std::vector<std::uint8_t>> images;
  for (std::size_t begin = 0; begin < pixels.size(); begin += 16) {
    const auto image = pixels.subspan(begin, 16);
    images.emplace_back(image.begin(), image.end());
  }
  return images;
}

TEST_F(TrainAutoencoder, MeetsEveryImageOnceAnEpochAndEndsWithAShortBatch) {
  options_.epochs = 2;
  train();
  ASSERT_EQ(backend_->recorded.size(), 6U);
  std::vector<std::vector<std::uint8_t>> orders;
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<std::uint8_t> met;
    for (std::size_t step = 0; step < 3; ++step) {
      const auto& record = backend_->recorded[epoch * 3 + step];
      EXPECT_EQ(record.count, step < 2 ? 4U : 2U);
      EXPECT_EQ(record.images.size(), record.count * 16);
      EXPECT_EQ(record.noise.size(), record.count * 2);
      met.insert(met.end(), record.images.begin(), record.images.end());
    }
    orders.push_back(met);
    EXPECT_THAT(images_in(met),
                UnorderedElementsAreArray(images_in(images_.images(0, kTrainImages))));
  }
  EXPECT_NE(orders[0], orders[1]);
  EXPECT_THAT(backend_->evaluated, ElementsAre(4, 1, 4, 1));
}

TEST_F(TrainAutoencoder, OrderAndNoiseDoNotHangOnTheBatchSize) {
  const auto run = [&](int batch) {
    options_.batch = batch;
    train();
    testing::FakeBackend::Step all{};
    for (const auto& step : backend_->recorded) {
      all.images.insert(all.images.end(), step.images.begin(), step.images.end());
      all.noise.insert(all.noise.end(), step.noise.begin(), step.noise.end());
    }
    return all;
  };
  const auto fours = run(4);
  const auto thousands = run(1000);
  EXPECT_EQ(fours.images, thousands.images);
  EXPECT_EQ(fours.noise, thousands.noise);
  options_.seed = 4;
  const auto other_seed = run(4);
  EXPECT_NE(fours.images, other_seed.images);
  EXPECT_NE(fours.noise, other_seed.noise);
}

TEST_F(TrainAutoencoder, ReportsLossesPerImageWithBeta) {
  options_.epochs = 1;
  options_.beta = 0.5;
  std::vector<TrainProgress> progress;
  TrainObserver observer;
  observer.on_step = [&](const TrainProgress& p) { progress.push_back(p); };
  const EpochRecord record = train(observer).epochs.at(0);
  double kld = 0;
  for (const auto& step : backend_->recorded) {
    for (const float value : step.noise) {
      kld += value * value;
    }
  }
  EXPECT_NEAR(record.train.term("kld"), kld / kTrainImages, 1e-9);
  EXPECT_DOUBLE_EQ(record.train.loss, record.train.term("bce") + 0.5 * record.train.term("kld"));
  EXPECT_DOUBLE_EQ(record.validation.term("kld"), 2.0 / 5);  // 1 a batch, two batches
  EXPECT_DOUBLE_EQ(record.validation.loss,
                   record.validation.term("bce") + 0.5 * record.validation.term("kld"));
  ASSERT_EQ(progress.size(), 3U);
  EXPECT_EQ(progress[0].images_done, 4U);
  EXPECT_EQ(progress[2].images_done, kTrainImages);
  EXPECT_EQ(progress[2].images_total, kTrainImages);
  EXPECT_DOUBLE_EQ(progress[2].loss, record.train.loss);
}

TEST_F(TrainAutoencoder, WritesDownHowTheModelCameToBe) {
  const Model model = train().model;
  const auto training = nlohmann::json::parse(model.metadata.at("training"));
  EXPECT_EQ(training.at("seed"), 3);
  EXPECT_EQ(training.at("batch"), 4);
  EXPECT_EQ(training.at("learning_rate"), 0.05);
  EXPECT_EQ(training.at("beta"), 1.0);
  EXPECT_EQ(training.at("backend"), "native");
  EXPECT_EQ(training.at("epochs"), kEpochs);
  EXPECT_EQ(training.at("epochs_run"), kEpochs);
  EXPECT_EQ(training.at("stopped"), false);
  EXPECT_EQ(training.at("train_images"), kTrainImages);
  EXPECT_EQ(training.at("train_sha256"), images_.digest());
  EXPECT_EQ(training.at("validation_images"), 5);
  EXPECT_EQ(training.at("validation_sha256"), validation_.digest());
  const auto preprocessing = nlohmann::json::parse(model.metadata.at("preprocessing"));
  EXPECT_EQ(preprocessing.at("colour"), "grey");
  EXPECT_EQ(preprocessing.at("size"), (std::vector<int>{4, 4}));
}

TEST_F(TrainAutoencoder, KnowsItsOwnResult) {
  TrainObserver observer;
  observer.stop_requested = [] { return true; };
  EXPECT_FALSE(is_trained_by(train(observer).model, spec_, images_, validation_, options_));
  Model model = train().model;
  EXPECT_TRUE(is_trained_by(model, spec_, images_, validation_, options_));
  EXPECT_FALSE(is_trained_by(model, spec_, images_, images_, options_));
  options_.epochs += 1;
  EXPECT_FALSE(is_trained_by(model, spec_, images_, validation_, options_));
  options_.epochs -= 1;
  model.metadata["training"] = "[1";
  EXPECT_FALSE(is_trained_by(model, spec_, images_, validation_, options_));
  model.metadata.clear();
  EXPECT_FALSE(is_trained_by(model, spec_, images_, validation_, options_));
}

/// Its losses stop being numbers at a given step.
class DivergingBackend : public testing::FakeBackend {
 public:
  using FakeBackend::FakeBackend;
  LossSums step(std::span<const std::uint8_t> images, std::size_t n,
                std::span<const float> noise) override {
    const LossSums sums = FakeBackend::step(images, n, noise);
    return recorded.size() == 5 ? LossSums{sums.bce, std::numeric_limits<double>::infinity()}
                                : sums;
  }
};

TEST_F(TrainAutoencoder, NamesEpochAndStepOfALossThatIsNotFinite) {
  DivergingBackend diverging(initialise(spec_, options_.seed), options_);
  EXPECT_THAT([&] { train_autoencoder(spec_, images_, validation_, diverging, options_); },
              ThrowsMessage<Error>(HasSubstr("the loss is not finite at epoch 2, step 2 (bce")));
  EXPECT_TRUE(std::filesystem::exists(options_.checkpoint)) << "of the epoch before";

  backend_.emplace(initialise(spec_, options_.seed), options_);
  backend_->scripted_validation = {1, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THAT([&] { go_on(); }, ThrowsMessage<Error>(HasSubstr("validation after epoch 1")));
}

/// Its losses are good, its weights are none from the second epoch on.
class HollowBackend : public testing::FakeBackend {
 public:
  using FakeBackend::FakeBackend;
  TensorMap state() const override {
    TensorMap state = FakeBackend::state();
    if (recorded.size() > 3) {
      state.at("up.0.weight").values.back() = std::numeric_limits<float>::quiet_NaN();
    }
    return state;
  }
};

TEST_F(TrainAutoencoder, NamesWeightsThatAreNotFiniteAndKeepsThoseOfBefore) {
  HollowBackend hollow(initialise(spec_, options_.seed), options_);
  EXPECT_THAT([&] { train_autoencoder(spec_, images_, validation_, hollow, options_); },
              ThrowsMessage<Error>(HasSubstr(
                  "train: up.0.weight is not finite after epoch 2; a lower learning rate")));
  options_.epochs = 1;
  EXPECT_EQ(resume().epochs.size(), 1U) << "of the epoch before";
}

TEST_F(TrainAutoencoder, RefusesImagesOfAnotherSize) {
  const ImageStore larger(testing::FakeSource(3, {1, 8, 4}, 1), {1, 8, 4});
  backend_.emplace(initialise(spec_, options_.seed), options_);
  EXPECT_THAT([&] { train_autoencoder(spec_, images_, larger, *backend_, options_); },
              ThrowsMessage<InvalidArgument>(HasSubstr(
                  "validation images are 4x8 with 1 channels but the model wants 4x4 with 1")));
}

TEST(TrainOptions, AreChecked) {
  EXPECT_NO_THROW(TrainOptions().validate());
  const auto refused = [](auto member, auto value, const char* message) {
    TrainOptions options;
    options.*member = value;
    EXPECT_THAT([&] { options.validate(); }, ThrowsMessage<InvalidArgument>(HasSubstr(message)));
  };
  refused(&TrainOptions::epochs, 0, "epochs 0: must be 1 or more");
  refused(&TrainOptions::batch, -1, "batch -1: must be 1 or more");
  refused(&TrainOptions::learning_rate, 0.0, "learning rate 0: must be a finite number over 0");
  refused(&TrainOptions::learning_rate, std::numeric_limits<double>::infinity(),
          "learning rate inf");
  refused(&TrainOptions::beta, -0.5, "beta -0.5");
  refused(&TrainOptions::beta, std::numeric_limits<double>::quiet_NaN(), "beta nan");
  refused(&TrainOptions::resume, true, "the checkpoint's file must be given");
}

TEST(TrainingCsv, HasALineAnEpoch) {
  const EpochRecord record{
      7, {0.1, {{"bce", 0}, {"kld", 0}}}, {0, {{"bce", 0}, {"kld", 1.0 / 3}}}, true, 2.5};
  EXPECT_EQ(training_csv(std::vector{record}),
            "epoch,train_loss,train_bce,train_kld,validation_loss,validation_bce,validation_kld,"
            "best,seconds\n7,0.1,0,0,0,0,0.3333333333333333,1,2.500\n");
}

}  // namespace
}  // namespace gradspace
