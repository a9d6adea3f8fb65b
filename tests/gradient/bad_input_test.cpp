#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gradspace/error.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class BadInput : public ::testing::Test {
 protected:
  BadInput() : images_(3 * 2352), planes_(3 * 2352, 0.5F), features_(3 * 144) {}

  auto making(const Model& model, InstructionSet set = InstructionSet::kBest) const {
    return [&model, set, this] { make_native_backend(model, blocks_, set); };
  }
  auto running(const ImageBatch& batch, const GradientOutputs& outputs) {
    return [&batch, &outputs, this] { engine_->run(batch, outputs); };
  }

  Model model_ = initialise({}, 1);
  std::vector<FeatureBlock> blocks_ = parse_features("up.6:bce", {});
  std::unique_ptr<GradientBackend> engine_ = make_native_backend(model_, blocks_);
  std::vector<std::uint8_t> images_;
  std::vector<float> planes_;
  std::vector<float> features_;
};

TEST_F(BadInput, PixelsOutsideTheUnitInterval) {
  const ImageBatch batch = ImageBatch::of_float(planes_, 3);
  GradientOutputs outputs;
  outputs.features = features_;
  EXPECT_NO_THROW(engine_->run(batch, outputs));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity(), -0.001F, 1.001F}) {
    planes_[2352 + 7] = bad;
    EXPECT_THAT(running(batch, outputs),
                ThrowsMessage<InvalidArgument>(AllOf(HasSubstr("image 1"), HasSubstr("at 7"))));
  }
}

TEST_F(BadInput, ImagesOfAnotherSize) {
  const auto bytes = [this](std::size_t size) { return std::span(images_).first(size); };
  // Lengths that can't be so many images are refused where the batch is made, those of another model's
  // images where it is run.
  EXPECT_THAT([&] { ImageBatch::of_u8(bytes(7000), 3); },
              ThrowsMessage<InvalidArgument>(HasSubstr("3 images can't have 7000 values")));
  EXPECT_THROW(ImageBatch::of_u8({}, 1), InvalidArgument);
  EXPECT_THROW(ImageBatch::of_u8(bytes(1), 0), InvalidArgument);
  EXPECT_THROW(ImageBatch::of_float(std::span(planes_).first(5), 2), InvalidArgument);
  EXPECT_THAT([&] { engine_->run(ImageBatch::of_u8(bytes(2352), 3), {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("3 images of 784 values")));
  EXPECT_THROW(engine_->run(ImageBatch::of_float(planes_, 2), {}), InvalidArgument);
  EXPECT_NO_THROW(engine_->run(ImageBatch::of_u8({}, 0), {}));
}

TEST_F(BadInput, OutputsOfAnotherSize) {
  const ImageBatch batch = ImageBatch::of_u8(images_, 3);
  GradientOutputs outputs;
  outputs.features = std::span(features_).first(143);
  EXPECT_THAT(running(batch, outputs), ThrowsMessage<InvalidArgument>(HasSubstr("features")));
  std::vector<float> values(7);
  outputs = {};
  outputs.block_norms = values;
  EXPECT_THAT(running(batch, outputs), ThrowsMessage<InvalidArgument>(HasSubstr("norms")));
  outputs = {};
  outputs.reconstruction = values;
  EXPECT_THAT(running(batch, outputs), ThrowsMessage<InvalidArgument>(HasSubstr("reconstruction")));
  outputs = {};
  outputs.mu = values;
  EXPECT_THROW(engine_->run(batch, outputs), InvalidArgument);
}

TEST_F(BadInput, WeightsThatAreNotNumbersOrDoNotFit) {
  Model bad = model_;
  bad.weights.at("fc11.weight").values[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(making(bad), ThrowsMessage<InvalidArgument>(HasSubstr("fc11.weight")));
  bad.weights.at("fc11.weight").values[5] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(making(bad), ThrowsMessage<InvalidArgument>(HasSubstr("fc11.weight")));
  bad = model_;
  bad.weights.at("up.2.bias").values.pop_back();
  EXPECT_THAT(making(bad), ThrowsMessage<InvalidArgument>(HasSubstr("up.2.bias")));
  bad = model_;
  bad.weights.erase("down.0.weight");
  EXPECT_THAT(making(bad), ThrowsMessage<InvalidArgument>(HasSubstr("down.0.weight")));
}

TEST_F(BadInput, ShapesThatDoNotChain) {
  Model bad = model_;
  bad.spec.up.back().padding = 0;
  EXPECT_THAT(making(bad), ThrowsMessage<InvalidArgument>(HasSubstr("up.6")));
  bad = model_;
  bad.spec.down[1].out_channels = 0;
  EXPECT_THAT(making(bad), ThrowsMessage<InvalidArgument>(HasSubstr("down.2")));
}

TEST_F(BadInput, BlocksOfAnotherModel) {
  blocks_[0].end = 145;
  EXPECT_THAT(making(model_), ThrowsMessage<InvalidArgument>(HasSubstr("up.6:bce")));
  blocks_ = {{"up.8", Loss::kBce, 0, 144}};
  EXPECT_THAT(making(model_), ThrowsMessage<InvalidArgument>(HasSubstr("up.8")));
  blocks_ = {{"all", Loss::kBce, 0, 144}};
  EXPECT_THROW(make_native_backend(model_, blocks_), InvalidArgument);
  blocks_ = {{"mu,logvar", std::nullopt, 0, 40}};
  EXPECT_THROW(make_native_backend(model_, blocks_), InvalidArgument);
}

TEST_F(BadInput, InstructionSetThatIsNotThere) {
  const std::vector<InstructionSet> have = available_instruction_sets();
  for (const InstructionSet set : {InstructionSet::kSse4, InstructionSet::kAvx2,
                                   InstructionSet::kAvx512, InstructionSet::kNeon}) {
    if (std::ranges::find(have, set) == have.end()) {
      EXPECT_THAT(making(model_, set),
                  ThrowsMessage<InvalidArgument>(HasSubstr(std::string(name(set)))));
    } else {
      EXPECT_NO_THROW(make_native_backend(model_, blocks_, set));
    }
  }
}

// Few weights, but activations of a gibibyte an image: refused before anything is allocated.
TEST_F(BadInput, ModelTooLarge) {
  Model large;
  large.spec.input = {1, 8192, 8192};
  large.spec.down = {{1, 1, 1, 0}};
  large.spec.latent = 0;
  large.spec.up = {{1, 1, 1, 0}};
  large = initialise(large.spec, 1);
  blocks_ = parse_features("up.0:bce", large.spec);
  EXPECT_THAT(making(large), ThrowsMessage<InvalidArgument>(HasSubstr("too large")));
}

}  // namespace
}  // namespace gradspace
