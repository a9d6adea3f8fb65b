// Gradients of several autoencoders side by side are those of each by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::size_t kImages = 5;

class MembersBackend : public ::testing::Test {
 protected:
  MembersBackend() {
    Random random(7);
    for (std::uint8_t& value : pixels_) {
      value = static_cast<std::uint8_t>(random.below(256));
    }
  }

  struct Result {
    std::vector<float> features;
    std::vector<float> norms;
    std::vector<float> bce = std::vector<float>(kImages);
    std::vector<float> kld = std::vector<float>(kImages);
  };

  Result run(const Model& model, const std::vector<FeatureBlock>& blocks) const {
    const auto backend = make_native_backend(model, blocks);
    EXPECT_TRUE(std::ranges::equal(backend->blocks(), blocks));
    Result result;
    result.features.resize(kImages * dimension(blocks));
    result.norms.resize(kImages * blocks.size());
    GradientOutputs outputs;
    outputs.features = result.features;
    outputs.block_norms = result.norms;
    outputs.bce = result.bce;
    outputs.kld = result.kld;
    backend->run(ImageBatch::of_u8(pixels_, kImages), outputs);
    return result;
  }

  Model model_ = join_members({initialise({}, 1), initialise({}, 2), initialise({}, 3)});
  std::vector<std::uint8_t> pixels_ = std::vector<std::uint8_t>(kImages * 28 * 28 * 3);
};

TEST_F(MembersBackend, GivesEachMembersGradients) {
  const auto blocks = parse_features("down.6:kld,up.6:bce", model_.spec, 3);
  const Result all = run(model_, blocks);
  Result mean;
  for (std::size_t member = 0; member < 3; ++member) {
    const Model own = member_of(model_, member);
    const Result alone = run(own, parse_features("down.6:kld,up.6:bce", own.spec));
    for (std::size_t i = 0; i < kImages; ++i) {
      for (std::size_t k = 0; k < 1872; ++k) {
        ASSERT_EQ(all.features[(i * 3 + member) * 1872 + k], alone.features[i * 1872 + k]);
      }
      EXPECT_EQ(all.norms[i * 6 + 2 * member], alone.norms[2 * i]);
      EXPECT_EQ(all.norms[i * 6 + 2 * member + 1], alone.norms[2 * i + 1]);
      mean.bce[i] += alone.bce[i] / 3;
      mean.kld[i] += alone.kld[i] / 3;
    }
  }
  EXPECT_EQ(all.bce, mean.bce);
  EXPECT_EQ(all.kld, mean.kld);
}

TEST_F(MembersBackend, LossesAreOfTheMembersAskedAbout) {
  const Result one = run(model_, parse_features("up.6:bce#2", model_.spec, 3));
  const Result alone = run(member_of(model_, 2), parse_features("up.6:bce", model_.spec));
  EXPECT_EQ(one.features, alone.features);
  EXPECT_EQ(one.bce, alone.bce);
}

TEST_F(MembersBackend, RefusesWhatBelongsToOneMember) {
  const auto backend = make_native_backend(model_, parse_features("mu", model_.spec, 3));
  std::vector<float> mu(kImages * 20);
  GradientOutputs outputs;
  outputs.mu = mu;
  EXPECT_THAT([&] { backend->run(ImageBatch::of_u8(pixels_, kImages), outputs); },
              ThrowsMessage<InvalidArgument>(HasSubstr("observe each member by itself")));
}

TEST_F(MembersBackend, RefusesBlocksOutOfOrder) {
  auto blocks = parse_features("mu", model_.spec, 3);
  std::swap(blocks[0].member, blocks[1].member);
  EXPECT_THROW(make_native_backend(model_, blocks), InvalidArgument);
  blocks = parse_features("mu", model_.spec, 4);
  EXPECT_THROW(make_native_backend(model_, blocks), InvalidArgument);
}

TEST(FeaturesOfMembers, LieMemberByMember) {
  const auto blocks = parse_features("mu#0,up.6:bce", {}, 2);
  EXPECT_THAT(blocks, ElementsAre(FeatureBlock{"mu", std::nullopt, 0, 20, 0},
                                  FeatureBlock{"up.6", Loss::kBce, 20, 164, 0},
                                  FeatureBlock{"up.6", Loss::kBce, 164, 308, 1}));
  EXPECT_EQ(text(blocks[2]), "up.6:bce#1");
  EXPECT_THAT(blocks_of_member(blocks, 1), ElementsAre(FeatureBlock{"up.6", Loss::kBce, 0, 144}));
  EXPECT_EQ(member_count(blocks), 2U);
}

TEST(FeaturesOfMembers, AreRefusedByNumber) {
  for (const char* const request : {"mu#2", "mu#", "mu#-1", "mu#1x", "mu#99999999999999999999"}) {
    EXPECT_THAT([&] { parse_features(request, {}, 2); },
                ThrowsMessage<InvalidArgument>(HasSubstr("members #0 to #1")))
        << request;
  }
  EXPECT_THROW(parse_features("mu,mu#1", {}, 2), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
