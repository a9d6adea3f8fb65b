#include "data/scenes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "support/scenes.h"

namespace gradspace {
namespace {

using testing::photograph_of_scene;

TEST(PerceptualHash, KeepsNearCopiesTogetherAndScenesApart) {
  const std::uint64_t first = perceptual_hash(photograph_of_scene(160, 120, 1));
  const std::uint64_t near = perceptual_hash(photograph_of_scene(160, 120, 1, 1));
  const std::uint64_t other = perceptual_hash(photograph_of_scene(160, 120, 2));
  EXPECT_LE(std::popcount(first ^ near), kNearCopyBits);
  EXPECT_GT(std::popcount(first ^ other), kNearCopyBits);
}

TEST(Scenes, AreFoldersThenNamesThenLooks) {
  std::vector<std::string> paths;
  std::vector<std::uint64_t> hashes;
  for (int i = 0; i < 12; ++i) {
    paths.push_back(fmt::format("walk{}/{:03}.jpg", i / 3, i));
    hashes.push_back(i < 6 ? 0 : ~std::uint64_t{0});
  }
  EXPECT_EQ(count_scenes(paths, hashes), 4U) << "folders";
  for (int i = 0; i < 12; ++i) {
    paths[static_cast<std::size_t>(i)] = fmt::format("house{}_{}.jpg", i < 6 ? "" : "b", i);
  }
  EXPECT_EQ(count_scenes(paths, hashes), 2U) << "names but for their last number";
  for (int i = 0; i < 12; ++i) {
    paths[static_cast<std::size_t>(i)] = fmt::format("{:03}.jpg", i);
  }
  EXPECT_EQ(count_scenes(paths, hashes), 2U) << "looks";
}

TEST(NearCopies, CountAcrossFoldsAlone) {
  const std::vector<std::uint64_t> hashes = {0, 1, ~std::uint64_t{0}, 3};
  EXPECT_EQ(count_near_copies(hashes, std::vector<std::uint32_t>{0, 0, 1, 0}), 0U);
  EXPECT_EQ(count_near_copies(hashes, std::vector<std::uint32_t>{0, 1, 1, 0}), 3U);
}

}  // namespace
}  // namespace gradspace
