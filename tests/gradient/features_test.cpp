#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradspace/error.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

AutoencoderSpec without_bottleneck() {
  AutoencoderSpec spec;
  spec.latent = 0;
  return spec;
}

TEST(ParseFeatures, KeepsTheOrderAskedAndAssignsColumns) {
  EXPECT_THAT(parse_features("up.6:bce,mu,down.6:kld", {}),
              ElementsAre(FeatureBlock{"up.6", Loss::kBce, 0, 144},
                          FeatureBlock{"mu", std::nullopt, 144, 164},
                          FeatureBlock{"down.6", Loss::kKld, 164, 1892}));
}

TEST(ParseFeatures, AllIsEveryLayerByBceThenByKld) {
  const auto blocks = parse_features("all", {});
  ASSERT_EQ(blocks.size(), 22U);
  EXPECT_EQ(blocks[0], (FeatureBlock{"down.0", Loss::kBce, 0, 144}));
  EXPECT_EQ(blocks[10].layer, "up.6");
  EXPECT_EQ(blocks[11].layer, "down.0");
  EXPECT_EQ(blocks[11].loss, Loss::kKld);
  // Encoder and decoder have 144 + 288 + 864 + 1728 weights each, the linear layers 20 * 108.
  EXPECT_EQ(dimension(blocks), 2U * (2 * (144 + 288 + 864 + 1728) + 3 * 2160));
}

TEST(ParseFeatures, AllByOneLoss) {
  const auto blocks = parse_features("all:elbo", {});
  ASSERT_EQ(blocks.size(), 11U);
  for (const FeatureBlock& block : blocks) {
    EXPECT_EQ(block.loss, Loss::kElbo);
  }
}

TEST(ParseFeatures, AllWithoutBottleneckIsBceAlone) {
  const auto blocks = parse_features("all", without_bottleneck());
  ASSERT_EQ(blocks.size(), 8U);
  for (const FeatureBlock& block : blocks) {
    EXPECT_EQ(block.loss, Loss::kBce);
  }
}

TEST(ParseFeatures, NamesWhatIsValid) {
  const auto parsing = [](std::string_view request, const AutoencoderSpec& spec = {}) {
    return [=] { parse_features(request, spec); };
  };
  EXPECT_THAT(parsing("down.7:kld"),
              ThrowsMessage<InvalidArgument>(AllOf(HasSubstr("down.7"), HasSubstr("down.6"))));
  EXPECT_THAT(parsing("down.6:mse"),
              ThrowsMessage<InvalidArgument>(AllOf(HasSubstr("mse"), HasSubstr("bce, kld, elbo"))));
  EXPECT_THAT(parsing("down.6"), ThrowsMessage<InvalidArgument>(HasSubstr("LAYER:LOSS")));
  for (const char* request : {"", ",", "mu,", ":", "mu:bce", "down.6:", ":bce", "all:"}) {
    EXPECT_THROW(parse_features(request, {}), InvalidArgument) << request;
  }
}

TEST(ParseFeatures, RefusesWhatNeedsABottleneck) {
  for (const char* request : {"down.6:kld", "all:elbo", "mu", "logvar", "fc11:bce"}) {
    EXPECT_THROW(parse_features(request, without_bottleneck()), InvalidArgument) << request;
  }
}

TEST(ParseFeatures, RefusesABlockAskedForTwice) {
  EXPECT_THAT([] { parse_features("all,up.6:bce", {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("up.6:bce is asked for twice")));
  EXPECT_THROW(parse_features("mu,mu", {}), InvalidArgument);
}

TEST(ProposedFeatures, AreTheLastLayersOfEncoderAndDecoder) {
  EXPECT_EQ(proposed_features({}), "down.6:kld,up.6:bce");
  EXPECT_EQ(dimension(parse_features(proposed_features({}), {})), 1872U);
  EXPECT_EQ(proposed_features(without_bottleneck()), "up.6:bce");
}

TEST(LossName, RoundTrips) {
  for (const Loss loss : {Loss::kBce, Loss::kKld, Loss::kElbo}) {
    EXPECT_EQ(parse_loss(name(loss)), loss);
  }
}

}  // namespace
}  // namespace gradspace
