#include "data/scenes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

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

/// Small pictures of one kind: a bright disc on a dark ground, its middle and tones a little different.
Image disc(double x, double y, double light) {
  Image image(28, 28, 3);
  for (int row = 0; row < 28; ++row) {
    for (int column = 0; column < 28; ++column) {
      const double distance = std::hypot(column - x, row - y);
      for (std::size_t c = 0; c < 3; ++c) {
        image.row(row)[3 * static_cast<std::size_t>(column) + c] =
            static_cast<std::uint8_t>(distance < 9 ? 200 * light : 40 * light + row);
      }
    }
  }
  return image;
}

TEST(Looks, TellNearCopiesFromPicturesOfOneKind) {
  const Look one = look_at(disc(14, 14, 1));
  EXPECT_TRUE(are_near_copies(one, look_at(disc(14.2, 14, 0.9)))) << "a little darker, and moved";
  const Look other = look_at(disc(12, 12, 1));
  EXPECT_FALSE(are_near_copies(one, other)) << "the same shape elsewhere";
  const Look flat = look_at(Image(28, 28, 3));
  EXPECT_FALSE(are_near_copies(flat, flat)) << "nothing is to be seen";
}

std::vector<std::string> remarks_on(std::span<const Look> learned, std::span<const Look> held) {
  std::vector<std::string> remarks;
  JobObserver observer;
  observer.on_remark = [&](std::string_view line) { remarks.emplace_back(line); };
  Watched watched(observer);
  remark_on_held_copies(learned, held, watched);
  return remarks;
}

TEST(Looks, AreRemarkedOnWhereTheyAreMany) {
  std::vector<Look> learned;
  std::vector<Look> held;
  for (std::uint64_t scene = 0; scene < 20; ++scene) {
    learned.push_back(look_at(photograph_of_scene(96, 80, scene)));
    held.push_back(look_at(photograph_of_scene(96, 80, 100 + scene)));
  }
  EXPECT_THAT(remarks_on(learned, held), ::testing::IsEmpty());
  held[3] = learned[7];
  held[4] = learned[9];
  EXPECT_THAT(remarks_on(learned, held), ::testing::IsEmpty()) << "a tenth";
  held[5] = learned[11];
  EXPECT_THAT(remarks_on(learned, held),
              ::testing::ElementsAre(::testing::HasSubstr("15 % of the images held out")));
  EXPECT_THAT(remarks_on(learned, {}), ::testing::IsEmpty());
}

}  // namespace
}  // namespace gradspace
