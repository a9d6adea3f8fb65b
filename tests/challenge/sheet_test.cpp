#include "challenge/sheet.h"

#include <gtest/gtest.h>

#include "challenge/pictures.h"
#include "image/font.h"

namespace gradspace::challenge {
namespace {

using gradspace::testing::scene;

/// Where `cell` stands in `sheet`, as an offset of x on row `y`; -1 where it does not.
int find_in_row(const Image& sheet, const Image& cell, int y) {
  for (int x = 0; x + cell.width() <= sheet.width(); ++x) {
    bool same = true;
    for (int row = 0; same && row < cell.height(); ++row) {
      const auto expected = cell.row(row);
      same = std::equal(expected.begin(), expected.end(), sheet.row(y + row).begin() + 3 * x);
    }
    if (same) {
      return x;
    }
  }
  return -1;
}

TEST(ContactSheet, ShowsTheOriginalAndEachLevelInOrder) {
  const Image image = scene(60, 50, 3);
  SheetOptions options;
  options.types = {Type::kHaze, Type::kRain};
  options.levels = {2, 5};
  options.seed = 4;
  options.key = "a.png";
  options.cell_px = 60;
  const Image sheet = contact_sheet(image, options);
  int rows_found = 0;
  for (int y = 0; y + image.height() <= sheet.height(); ++y) {
    const int original = find_in_row(sheet, image, y);
    if (original < 0) {
      continue;
    }
    const Type type = options.types[static_cast<std::size_t>(rows_found++)];
    const std::uint64_t seed = image_seed(4, type, "a.png");
    const int second = find_in_row(sheet, apply(image, type, 2, seed), y);
    const int fifth = find_in_row(sheet, apply(image, type, 5, seed), y);
    EXPECT_GE(second, original + 60);
    EXPECT_GE(fifth, second + 60);
  }
  EXPECT_EQ(rows_found, 2);
}

TEST(ContactSheet, FitsLargeSmallAndGreyImages) {
  SheetOptions options;
  options.types = {Type::kShadow};
  options.levels = {1};
  for (const auto& [width, height] :
       std::vector<std::pair<int, int>>{{8, 8}, {35, 35}, {400, 300}, {9, 700}}) {
    for (const int channels : {1, 3}) {
      const Image sheet = contact_sheet(scene(width, height, channels), options);
      EXPECT_EQ(sheet.channels(), 3);
      EXPECT_LT(sheet.width(), 700);
      EXPECT_LT(sheet.height(), 300);
    }
  }
}

TEST(ContactSheet, HasAllTypesAndLevelsByDefault) {
  SheetOptions options;
  options.cell_px = 40;
  const Image sheet = contact_sheet(scene(40, 30, 3), options);
  EXPECT_GT(sheet.width(), 6 * 40);
  EXPECT_GT(sheet.height(), 12 * 30);
}

TEST(DrawText, DrawsEachKnownGlyphDifferently) {
  std::vector<Image> glyphs;
  for (const char character : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789- ")) {
    Image image(kGlyphWidth, kGlyphHeight, 1);
    draw_text(image, 0, 0, 1, 255, std::string_view(&character, 1));
    for (const Image& other : glyphs) {
      EXPECT_NE(image, other) << character;
    }
    glyphs.push_back(image);
  }
}

TEST(DrawText, IsCutOffAtTheEdges) {
  Image image(10, 10, 3);
  EXPECT_NO_THROW(draw_text(image, -20, -5, 3, 255, "clipped text"));
  EXPECT_NO_THROW(draw_text(image, 8, 8, 4, 255, "x"));
}

}  // namespace
}  // namespace gradspace::challenge
