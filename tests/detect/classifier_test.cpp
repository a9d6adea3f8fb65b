#include "gradspace/classifier.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"
#include "detect/perceptron.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

constexpr std::size_t kDimension = 30;

struct Cloud {
  std::vector<float> values;
  FeatureView view() const {
    return {values.data(), values.size() / kDimension, kDimension, kDimension};
  }
};

Cloud cloud(std::size_t rows, double centre, std::uint64_t seed) {
  Random random(seed);
  Cloud result;
  for (std::size_t i = 0; i < rows * kDimension; ++i) {
    result.values.push_back(static_cast<float>(centre + random.normal()));
  }
  return result;
}

double share_called_out(const std::vector<double>& scores) {
  double count = 0;
  for (const double score : scores) {
    count += score > 0.5 ? 1 : 0;
  }
  return count / static_cast<double>(scores.size());
}

TEST(TrainClassifier, TakesTheStepsPyTorchTakes) {
  if (!testing::python_has("torch")) {
    GTEST_SKIP() << "Debian's python3-torch is not installed";
  }
  const testing::TemporaryFolder folder;
  ClassifierOptions options;
  options.epochs = 20;
  options.seed = 5;
  const Cloud in = cloud(64, -0.1, 1);
  const Cloud out = cloud(64, 0.1, 2);
  const std::vector<std::int64_t> shape{64, kDimension};
  write_npy(folder / "in.npy", {shape, in.values});
  write_npy(folder / "out.npy", {shape, out.values});
  for (const auto& [name, tensor] : Perceptron(kDimension, options.seed).tensors()) {
    write_npy(folder / (name + ".npy"), tensor);
  }
  ASSERT_EQ(
      testing::run_script("detect/torch_classifier.py", folder.path().string() + " 20").status, 0);

  // Validation on the training sets: the last epoch is the best, as training goes on falling.
  const Classifier trained =
      train_classifier(in.view(), out.view(), in.view(), out.view(), options);
  for (const auto& [name, tensor] : trained.weights()) {
    const Tensor expected = read_npy(folder / ("trained." + name + ".npy"));
    ASSERT_EQ(tensor.values.size(), expected.values.size());
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      // Twenty steps of 1e-3 each; a step's direction is a quotient of near-equal float32 numbers.
      EXPECT_NEAR(tensor.values[i], expected.values[i], 2e-5) << name << " " << i;
    }
  }
}

TEST(TrainClassifier, SeparatesTwoCloudsAndKeepsTheBestEpoch) {
  const Cloud in = cloud(300, -0.5, 1);
  const Cloud out = cloud(170, 0.5, 2);  // the shorter set is cycled; last batches are short
  const Cloud validation_in = cloud(90, -0.5, 3);
  const Cloud validation_out = cloud(90, 0.5, 4);
  ClassifierOptions options;
  options.epochs = 40;
  std::vector<ClassifierEpoch> epochs;
  const Classifier classifier =
      train_classifier(in.view(), out.view(), validation_in.view(), validation_out.view(), options,
                       [&](const ClassifierEpoch& epoch) { epochs.push_back(epoch); });
  ASSERT_EQ(epochs.size(), 40U);
  EXPECT_LT(epochs.back().train_loss, epochs.front().train_loss);
  EXPECT_GT(share_called_out(classifier.score(cloud(200, 0.5, 5).view())), 0.95);
  EXPECT_LT(share_called_out(classifier.score(cloud(200, -0.5, 6).view())), 0.05);

  // The kept weights give the least validation loss that was reported.
  double least = std::numeric_limits<double>::infinity();
  for (const ClassifierEpoch& epoch : epochs) {
    least = std::min(least, epoch.validation_loss);
  }
  double loss = 0;
  for (const double score : classifier.score(validation_in.view())) {
    loss -= std::log(1 - score) / 180;
  }
  for (const double score : classifier.score(validation_out.view())) {
    loss -= std::log(score) / 180;
  }
  EXPECT_NEAR(loss, least, 1e-9);
}

TEST(TrainClassifier, IsTheSameForOneSeed) {
  const Cloud in = cloud(100, -0.5, 1);
  const Cloud out = cloud(70, 0.5, 2);
  ClassifierOptions options;
  options.epochs = 3;
  const auto train = [&] {
    return train_classifier(in.view(), out.view(), in.view(), out.view(), options).weights();
  };
  const TensorMap first = train();
  EXPECT_EQ(first, train());
  options.seed = 1;
  EXPECT_NE(first, train());
}

TEST(TrainClassifier, RefusesWhatCanNotBeLearnt) {
  const Cloud some = cloud(10, 0, 1);
  const Cloud none;
  Cloud nan = some;
  nan.values[17] = std::numeric_limits<float>::quiet_NaN();
  const FeatureView narrow{some.values.data(), 10, kDimension - 1, kDimension};
  const ClassifierOptions options;
  EXPECT_THROW(train_classifier(some.view(), none.view(), some.view(), some.view(), options),
               InvalidArgument);
  EXPECT_THROW(train_classifier(some.view(), nan.view(), some.view(), some.view(), options),
               InvalidArgument);
  EXPECT_THROW(train_classifier(some.view(), some.view(), narrow, some.view(), options),
               InvalidArgument);
  ClassifierOptions zero;
  zero.epochs = 0;
  EXPECT_THROW(train_classifier(some.view(), some.view(), some.view(), some.view(), zero),
               InvalidArgument);
}

}  // namespace
}  // namespace gradspace
