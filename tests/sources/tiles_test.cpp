#include "gradspace/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/file.h"
#include "data/hold_out.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Each pixel tells its place: red x, green y, blue the photograph.
Image place_telling(int width, int height, int number) {
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto at = static_cast<std::size_t>(x) * 3;
      image.row(y)[at] = static_cast<std::uint8_t>(x);
      image.row(y)[at + 1] = static_cast<std::uint8_t>(y);
      image.row(y)[at + 2] = static_cast<std::uint8_t>(number);
    }
  }
  return image;
}

TEST(Tiles, SizesAreTwoNumbers) {
  EXPECT_EQ(parse_tiling("28x14"), (Tiling{28, 14, 28, 14}));
  for (const char* text : {"", "28", "x", "28x", "x28", "0x28", "28x0", "-1x28", "28x28x28",
                           "28 x28", "2.5x28", "nan", "1025x28", "70000x28", "99999999999x1"}) {
    EXPECT_THROW(parse_tiling(text), InvalidArgument) << text;
  }
}

TEST(Tiles, GridHoldsWholeTilesAlone) {
  const TileGrid hd({28, 28, 28, 28}, 1920, 1080, "frame");
  EXPECT_EQ(hd.size(), 2584U);
  EXPECT_EQ(hd.place(68), (TilePlace{0, 28}));
  const TileGrid dense({28, 28, 14, 7}, 56, 42, "frame");
  EXPECT_EQ(dense.columns, 3);
  EXPECT_EQ(dense.rows, 3);
  EXPECT_EQ(dense.place(8), (TilePlace{28, 14}));
  EXPECT_EQ(TileGrid({28, 28, 28, 28}, 28, 28, "frame").size(), 1U);
  EXPECT_THAT(
      [] {
        TileGrid({28, 28, 28, 28}, 27, 100, "a.png");
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("a.png: 27x100")));
  EXPECT_THROW(TileGrid({28, 28, 0, 28}, 100, 100, "frame"), InvalidArgument);
}

TEST(Tiles, PartsAreViewsInsideAlone) {
  const Image image = place_telling(40, 30, 1);
  const ImageView part = part_of(image, {7, 5}, 10, 20);
  EXPECT_EQ(part.row(0)[0], 7);
  EXPECT_EQ(part.row(19)[1], 24);
  EXPECT_THROW(part_of(image, {31, 5}, 10, 20), InvalidArgument);
  EXPECT_THROW(part_of(image, {0, 11}, 10, 20), InvalidArgument);
  EXPECT_THROW(part_of(image, {-1, 0}, 10, 20), InvalidArgument);
}

class DrawnTiles : public ::testing::Test {
 protected:
  DrawnTiles() {
    for (int i = 0; i < 4; ++i) {
      write_image(folder_ / fmt::format("{}.png", i), place_telling(60 + 20 * i, 50, i));
    }
    photographs_ = open_source(folder_.path());
  }

  testing::TemporaryFolder folder_;
  std::shared_ptr<const Source> photographs_;
};

TEST_F(DrawnTiles, AreWhereTheyAreSaidToBe) {
  const auto tiles = draw_tiles(photographs_, {{28, 28}, 25, 3});
  ASSERT_EQ(tiles->size(), 100U);
  EXPECT_EQ(tiles->tile(0), std::nullopt) << "not read yet";
  std::set<int> columns;
  for (std::size_t i = 0; i < tiles->size(); ++i) {
    const Image tile = tiles->load(i);
    ASSERT_EQ(tile.width(), 28);
    const auto place = tiles->tile(i);
    ASSERT_TRUE(place);
    EXPECT_EQ(tile.row(0)[0], place->x);
    EXPECT_EQ(tile.row(0)[1], place->y);
    EXPECT_EQ(tile.row(27)[2], static_cast<int>(i / 25)) << "the photograph";
    EXPECT_EQ(tiles->info(i).path, fmt::format("{}.png", i / 25));
    columns.insert(place->x);
  }
  EXPECT_GT(columns.size(), 30U) << "drawn, not at a few places";
}

TEST_F(DrawnTiles, DependOnTheSeedAndThePhotographAlone) {
  const auto first = draw_tiles(photographs_, {{28, 28}, 6, 3});
  const auto again = draw_tiles(photographs_, {{28, 28}, 6, 3});
  const auto other = draw_tiles(photographs_, {{28, 28}, 6, 4});
  std::size_t differ = 0;
  for (std::size_t i = first->size(); i-- > 0;) {  // in another order
    EXPECT_EQ(again->load(i), first->load(i));
    differ += other->load(i) == first->load(i) ? 0 : 1;
  }
  EXPECT_GT(differ, 20U);
  const std::shared_ptr<const Source> one = select(photographs_, {2});
  const auto alone = draw_tiles(one, {{28, 28}, 6, 3});
  EXPECT_EQ(alone->load(4), first->load(2 * 6 + 4));
}

TEST_F(DrawnTiles, OfSmallPhotographsFailByName) {
  write_image(folder_ / "9.png", Image(20, 100, 3));
  const std::shared_ptr<const Source> source = open_source(folder_.path());
  const auto tiles = draw_tiles(source, {{28, 28}, 2, 0});
  EXPECT_NO_THROW(tiles->load(0));
  EXPECT_THAT(
      [&] { tiles->load(8); },
      ThrowsMessage<FormatError>(HasSubstr("9.png: 20x100 pixels are smaller than a tile")));
  EXPECT_THROW(draw_tiles(source, {{28, 28}, 0, 0}), InvalidArgument);
}

TEST_F(DrawnTiles, ShrinkingIsRemarkedFromFourfoldOn) {
  EXPECT_EQ(shrinking_remark(*photographs_, 15, 13), "");
  EXPECT_THAT(shrinking_remark(*photographs_, 12, 12),
              HasSubstr("0.png: 60x50 pixels are shrunk to 12x12"));
}

TEST(HoldOutFolds, KeepBlocksAndFoldersTogether) {
  std::vector<std::string> paths;
  for (int i = 0; i < 60; ++i) {
    paths.push_back(fmt::format("{}/{:02}.png", i / 7, i));
  }
  const auto blocks = folds_of(paths, HoldOut::kBlocks, 6, 0);
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(blocks[i], i / 10);
  }
  const auto folders = folds_of(paths, HoldOut::kFolders, 3, 0);
  std::vector<int> sizes(3);
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(folders[i], folders[i / 7 * 7]);
    ++sizes[folders[i]];
  }
  EXPECT_THAT(sizes, Each(::testing::Ge(14)));
  const auto random = folds_of(paths, HoldOut::kRandom, 6, 1);
  EXPECT_NE(random, folds_of(paths, HoldOut::kRandom, 6, 2));
  EXPECT_EQ(std::ranges::count(random, 3U), 10);
  EXPECT_EQ(parse_hold_out("folders"), HoldOut::kFolders);
  EXPECT_THROW(parse_hold_out("scenes"), InvalidArgument);
  EXPECT_EQ(default_hold_out(50), HoldOut::kRandom);
  EXPECT_EQ(default_hold_out(51), HoldOut::kBlocks);
}

}  // namespace
}  // namespace gradspace
