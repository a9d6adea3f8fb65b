#include "challenge/sheet.h"

#include <fmt/format.h>

#include <algorithm>

#include "image/font.h"

namespace gradspace::challenge {
namespace {

constexpr int kTextScale = 2;
constexpr int kTextHeight = kTextScale * kGlyphHeight;
constexpr int kGap = 6;
constexpr std::uint8_t kPaper = 255;
constexpr std::uint8_t kInk = 30;

int text_width(std::size_t characters) {
  return static_cast<int>(characters) * kGlyphWidth * kTextScale;
}

/// As a cell shows it.
Image fitted(const Image& image, int cell_px) {
  const int longer = std::max(image.width(), image.height());
  if (longer > cell_px) {
    const auto scaled = [&](int length) {
      return std::max(1, static_cast<int>(std::int64_t{length} * cell_px / longer));
    };
    return to_rgb(resize_bilinear(image, scaled(image.width()), scaled(image.height())));
  }
  const int factor = cell_px / longer;
  const Image source = to_rgb(image);
  Image large(source.width() * factor, source.height() * factor, 3);
  for (int y = 0; y < large.height(); ++y) {
    const auto from = source.row(y / factor);
    const auto to = large.row(y);
    for (int x = 0; x < large.width(); ++x) {
      std::copy_n(from.begin() + x / factor * 3, 3, to.begin() + x * 3);
    }
  }
  return large;
}

void paste(const Image& cell, int x, int y, Image& sheet) {
  for (int row = 0; row < cell.height(); ++row) {
    const auto from = cell.row(row);
    std::copy(from.begin(), from.end(), sheet.row(y + row).begin() + x * 3);
  }
}

}  // namespace

Image contact_sheet(const Image& image, const SheetOptions& options) {
  std::vector<Type> types = options.types;
  if (types.empty()) {
    for (const TypeInfo& info : all_types()) {
      types.push_back(info.type);
    }
  }
  std::vector<int> levels = options.levels;
  if (levels.empty()) {
    for (int level = 1; level <= kLevels; ++level) {
      levels.push_back(level);
    }
  }
  std::size_t longest_name = 0;
  for (const Type type : types) {
    longest_name = std::max(longest_name, name(type).size());
  }

  const Image original = fitted(image, options.cell_px);
  const int label_width = text_width(longest_name) + 2 * kGap;
  const int pitch_x = original.width() + kGap;
  const int pitch_y = std::max(original.height(), 2 * kTextHeight + kGap) + kGap;
  const int head = kTextHeight + 2 * kGap;
  Image sheet(label_width + pitch_x * (1 + static_cast<int>(levels.size())),
              head + pitch_y * static_cast<int>(types.size()), 3);
  std::fill(sheet.pixels().begin(), sheet.pixels().end(), kPaper);

  draw_text(sheet, label_width, kGap, kTextScale, kInk, "original");
  for (std::size_t i = 0; i < levels.size(); ++i) {
    draw_text(sheet, label_width + pitch_x * (1 + static_cast<int>(i)), kGap, kTextScale, kInk,
              fmt::format("level {}", levels[i]));
  }
  int y = head;
  for (const Type type : types) {
    draw_text(sheet, kGap, y, kTextScale, kInk, fmt::format("{:02}", static_cast<int>(type)));
    draw_text(sheet, kGap, y + kTextHeight + kGap, kTextScale, kInk, name(type));
    paste(original, label_width, y, sheet);
    const std::uint64_t seed = image_seed(options.seed, type, options.key);
    int x = label_width;
    for (const int level : levels) {
      x += pitch_x;
      paste(fitted(apply(image, type, level, seed, options.challenge), options.cell_px), x, y,
            sheet);
    }
    y += pitch_y;
  }
  return sheet;
}

}  // namespace gradspace::challenge
