// Training by several ranks.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "core/random.h"
#include "gradient/fixed_tree.h"
#include "gradient/random_model.h"
#include "gradspace/ranks.h"
#include "gradspace/training_backend.h"
#include "support/thread_ranks.h"

namespace gradspace {
namespace {

using testing::ThreadJob;
using testing::ThreadRanks;

struct TrainingBatch {
  std::size_t n = 0;
  std::vector<std::uint8_t> images;
  std::vector<float> noise;
};

std::vector<TrainingBatch> batches_of(const AutoencoderSpec& spec,
                                      const std::vector<std::size_t>& sizes) {
  Random random(5);
  std::vector<TrainingBatch> batches;
  for (const std::size_t n : sizes) {
    TrainingBatch& batch = batches.emplace_back();
    batch.n = n;
    batch.images = testing::draw_images(random, n * spec.input.size());
    for (std::size_t i = 0; i < n * static_cast<std::size_t>(spec.latent); ++i) {
      batch.noise.push_back(static_cast<float>(random.normal()));
    }
  }
  return batches;
}

/// What a training has come to.
struct Outcome {
  std::vector<double> losses;
  TensorMap state;
};

Outcome train_on(const Model& model, const std::vector<TrainingBatch>& batches, Ranks* ranks) {
  const auto backend = make_native_training(model, {}, ranks);
  Outcome outcome;
  const auto add = [&](const LossSums& losses) {
    outcome.losses.push_back(losses.bce);
    outcome.losses.push_back(losses.kld);
  };
  for (const TrainingBatch& batch : batches) {
    add(backend->step(batch.images, batch.n, batch.noise));
    add(backend->evaluate(batch.images, batch.n));
  }
  outcome.state = backend->state();
  return outcome;
}

void expect_same_bits(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(a.losses, b.losses);
  ASSERT_EQ(a.state.size(), b.state.size());
  for (const auto& [name, tensor] : a.state) {
    EXPECT_EQ(tensor.values, b.state.at(name).values) << name;
  }
}

void expect_same_for_any_number_of_ranks(const AutoencoderSpec& spec) {
  const Model model = initialise(spec, 3);
  const std::vector<TrainingBatch> batches = batches_of(spec, {130, 1, 33, 200, 64});
  const Outcome alone = train_on(model, batches, nullptr);
  for (const int size : {1, 2, 3, 5, 9}) {
    SCOPED_TRACE(size);
    ThreadJob job(size);
    std::vector<Outcome> outcomes(static_cast<std::size_t>(size));
    {
      std::vector<std::jthread> threads;
      for (int rank = 0; rank < size; ++rank) {
        threads.emplace_back([&, rank] {
          ThreadRanks ranks(job, rank);
          outcomes[static_cast<std::size_t>(rank)] = train_on(model, batches, &ranks);
        });
      }
    }
    for (const Outcome& outcome : outcomes) {
      expect_same_bits(outcome, alone);
    }
  }
}

TEST(RankTraining, HasTheSameBitsForAnyNumberOfRanks) {
  AutoencoderSpec spec;
  spec.input = {2, 8, 4};
  spec.down = {{5, 3, 2, 1}, {7, 3, 2, 1}};
  spec.latent = 3;
  spec.up = {{4, 4, 2, 1, 0}, {2, 4, 2, 1, 0}};
  expect_same_for_any_number_of_ranks(spec);
}

TEST(RankTraining, NeedsNoLinearLayer) {
  AutoencoderSpec spec;
  spec.input = {1, 8, 8};
  spec.down = {{4, 4, 2, 1}};
  spec.latent = 0;
  spec.up = {{1, 4, 2, 1, 0}};
  expect_same_for_any_number_of_ranks(spec);
}

TEST(AnyRank, HearsEveryRank) {
  for (const int yes : {-1, 0, 2}) {
    ThreadJob job(3);
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < 3; ++rank) {
      threads.emplace_back([&, rank] {
        ThreadRanks ranks(job, rank);
        EXPECT_EQ(any_rank(ranks, rank == yes), yes >= 0);
      });
    }
  }
}

/// The last digits of sums of normal numbers tell in which order they were added.
TEST(FixedTree, HasOneOrderHoweverItIsDivided) {
  using gradient::TreeNode;
  Random random(1);
  for (std::size_t leaves = 1; leaves <= 70; ++leaves) {
    std::vector<std::vector<float>> arrays(leaves, std::vector<float>(3));
    for (std::vector<float>& array : arrays) {
      std::ranges::generate(array, [&] { return static_cast<float>(random.normal()); });
    }
    const auto leaf = [&](const TreeNode& node) {
      return node.end - node.begin == 1 ? arrays[node.begin].data() : nullptr;
    };
    std::vector<float> whole(2);
    gradient::sum_tree(leaf, TreeNode{0, leaves}, 1, whole);

    const std::size_t cut = random.below(static_cast<std::uint32_t>(leaves) + 1);
    std::vector<TreeNode> nodes;
    gradient::add_nodes_within({0, leaves}, {0, cut}, nodes);
    gradient::add_nodes_within({0, leaves}, {cut, leaves}, nodes);
    std::size_t next = 0;
    std::vector<std::vector<float>> sums;
    for (const TreeNode& node : nodes) {
      EXPECT_EQ(node.begin, next);
      next = node.end;
      gradient::sum_tree(leaf, node, 0, sums.emplace_back(3));
    }
    EXPECT_EQ(next, leaves);
    std::vector<float> divided(2);
    gradient::sum_tree(
        [&](const TreeNode& node) -> const float* {
          const auto found = std::ranges::find(nodes, node);
          return found == nodes.end()
                     ? nullptr
                     : sums[static_cast<std::size_t>(found - nodes.begin())].data();
        },
        TreeNode{0, leaves}, 1, divided);
    EXPECT_EQ(divided, whole) << leaves;
  }
}

}  // namespace
}  // namespace gradspace
