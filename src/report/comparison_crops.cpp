#include "report/comparison_crops.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include "gradspace/image.h"
#include "image/heat_colour.h"
#include "report/thumbnails.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr int kCropSide = 144;  ///< px: two side by side fit a phone
constexpr int kBlock = 16;      ///< px: places are sought in steps of so many
/// A place is sought in so many folders; the others are shown there, too.
constexpr std::size_t kMostSearched = 6;
/// Of the differences on all maps, the share that the colours tell apart.
constexpr double kToldApart = 0.98;
constexpr std::size_t kLeastScale =
    4;  ///< levels of 255: smaller differences shall not look like large ones

bool of_one_size(const Image& a, const Image& b) {
  return a.width() == b.width() && a.height() == b.height();
}

/// An image as RGB; nothing where it can't be read, or has another size than `like`.
std::optional<Image> rgb_below(const std::filesystem::path& root, const std::string& name,
                               const Image* like = nullptr) {
  std::optional<Image> image = image_below(root, name);
  if (!image || (like != nullptr && !of_one_size(*image, *like))) {
    return std::nullopt;
  }
  return to_rgb(std::move(*image));
}

/// Sums over blocks of an image, row by row.
struct Blocks {
  explicit Blocks(const Image& image)
      : columns((image.width() + kBlock - 1) / kBlock),
        rows((image.height() + kBlock - 1) / kBlock),
        values(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows)) {}

  double& at(int column, int row) {
    return values[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                  static_cast<std::size_t>(column)];
  }

  int columns;
  int rows;
  std::vector<double> values;
};

/// Adds the share that each block has in the squared difference of two images.
void add_difference(const Image& reference, const Image& distorted, Blocks& sums) {
  Blocks squares(reference);
  double total = 0;
  for (int y = 0; y < reference.height(); ++y) {
    const auto ours = reference.row(y);
    const auto theirs = distorted.row(y);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const int difference = ours[i] - theirs[i];
      squares.at(static_cast<int>(i) / 3 / kBlock, y / kBlock) += difference * difference;
      total += difference * difference;
    }
  }
  for (std::size_t i = 0; total > 0 && i < sums.values.size(); ++i) {
    sums.values[i] += squares.values[i] / total;
  }
}

struct Crop {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

/// The place with the largest sum of blocks.
Crop largest_place(const Image& image, Blocks& sums) {
  const int wide = std::min(sums.columns, kCropSide / kBlock);
  const int high = std::min(sums.rows, kCropSide / kBlock);
  double largest = -1;
  Crop crop{0, 0, std::min(kCropSide, image.width()), std::min(kCropSide, image.height())};
  for (int row = 0; row + high <= sums.rows; ++row) {
    for (int column = 0; column + wide <= sums.columns; ++column) {
      double sum = 0;
      for (int i = 0; i < wide * high; ++i) {
        sum += sums.at(column + i % wide, row + i / wide);
      }
      if (sum > largest) {
        largest = sum;
        crop.x = std::min(column * kBlock, image.width() - crop.width);
        crop.y = std::min(row * kBlock, image.height() - crop.height);
      }
    }
  }
  return crop;
}

Image cut(const Image& image, const Crop& crop) {
  Image part(crop.width, crop.height, 3);
  for (int y = 0; y < crop.height; ++y) {
    const auto row = image.row(crop.y + y);
    std::copy_n(row.begin() + std::ptrdiff_t{3} * crop.x, part.row(y).size(), part.row(y).begin());
  }
  return part;
}

/// The largest difference of the three channels, pixel by pixel.
std::vector<std::uint8_t> differences(const Image& a, const Image& b) {
  const auto ours = a.pixels();
  const auto theirs = b.pixels();
  std::vector<std::uint8_t> result(ours.size() / 3);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto difference = static_cast<std::uint8_t>(std::abs(ours[i] - theirs[i]));
    result[i / 3] = std::max(result[i / 3], difference);
  }
  return result;
}

/// The difference that the last colour of all maps stands for.
std::size_t scale_of(const std::vector<std::vector<std::uint8_t>>& maps) {
  std::array<std::size_t, 256> counts{};
  std::size_t total = 0;
  for (const auto& map : maps) {
    for (const std::uint8_t value : map) {
      ++counts[value];
    }
    total += map.size();
  }
  std::size_t level = 0;
  std::size_t below = counts[0];
  while (level < 255 && static_cast<double>(below) < kToldApart * static_cast<double>(total)) {
    below += counts[++level];
  }
  return std::max(level, kLeastScale);
}

Image drawn(const std::vector<std::uint8_t>& map, const Crop& crop, std::size_t scale) {
  Image picture(crop.width, crop.height, 3);
  const auto pixels = picture.pixels();
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto colour = to_bytes(
        heat_colour(kBlackToYellow, static_cast<double>(map[i]) / static_cast<double>(scale)));
    std::ranges::copy(colour, pixels.begin() + static_cast<std::ptrdiff_t>(3 * i));
  }
  return picture;
}

/// The numbers of the folders that have the image, the first of them.
std::vector<std::size_t> folders_with(const ComparedImage& image, std::size_t most) {
  std::vector<std::size_t> folders;
  for (std::size_t i = 0; i < image.distorted.size() && folders.size() < most; ++i) {
    if (!image.distorted[i].empty()) {
      folders.push_back(i);
    }
  }
  return folders;
}

Crop place_of(const Image& reference, const ComparedImage& image, const ComparedPlaces& places,
              const std::vector<std::size_t>& folders) {
  Blocks sums(reference);
  const std::size_t searched = std::min(folders.size(), kMostSearched);
  for (std::size_t i = 0; i < searched; ++i) {
    const std::size_t folder = folders[i * folders.size() / searched];
    if (const auto distorted =
            rgb_below(places.folders[folder], image.distorted[folder], &reference)) {
      add_difference(reference, *distorted, sums);
    }
  }
  return largest_place(reference, sums);
}

}  // namespace

json crops_of(const ComparedImage& image, const ComparedPlaces& places, std::size_t most_folders) {
  const auto reference = rgb_below(places.references, image.reference);
  const std::vector<std::size_t> folders = folders_with(image, most_folders);
  if (!reference || folders.empty()) {
    return nullptr;
  }
  const Crop crop = place_of(*reference, image, places, folders);
  const Image original = cut(*reference, crop);
  json pictures = json::array();
  std::vector<std::vector<std::uint8_t>> maps;
  for (const std::size_t folder : folders) {
    const auto distorted = rgb_below(places.folders[folder], image.distorted[folder], &*reference);
    if (distorted) {
      const Image part = cut(*distorted, crop);
      pictures.push_back({{"folder", folder}, {"picture", data_uri(part, ImageFormat::kPng)}});
      maps.push_back(differences(original, part));
    }
  }
  if (maps.empty()) {
    return nullptr;
  }
  const std::size_t scale = scale_of(maps);
  for (std::size_t i = 0; i < maps.size(); ++i) {
    pictures[i]["map"] = data_uri(drawn(maps[i], crop, scale), ImageFormat::kPng);
  }
  return {{"image", image.reference},
          {"x", crop.x},
          {"y", crop.y},
          {"width", crop.width},
          {"height", crop.height},
          {"scale", scale},
          {"reference", data_uri(original, ImageFormat::kPng)},
          {"folders", std::move(pictures)}};
}

}  // namespace gradspace
