#include "quality/level_and_contrast.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "quality/image_parts.h"

namespace gradspace::quality {
namespace {

constexpr int kBlocksAlongSide = 16;
constexpr double kClippedMargin = 8;  // levels from black and from white
constexpr std::size_t kLeastUsedBlocks = 4;
constexpr double kFlatness = 10;  // squared levels: the gain of flat images is 1
constexpr double kLeastGain = 0.3;
constexpr double kLargestGain = 3;
constexpr double kToleratedLogGain = 0.02;
constexpr double kToleratedShift = 1;

/// Means of luma over whole blocks, row by row.
struct BlockMeans {
  std::vector<double> values;
};

/// Adds up a row's samples, block by block of `side` pixels: R, G and B of each in `sums`.
void add_row(const std::uint8_t* sample, int side, std::vector<std::array<double, 3>>& sums) {
  for (auto& [red, green, blue] : sums) {
    std::array<std::uint32_t, 3> of_row{};
    for (int x = 0; x < side; ++x, sample += 3) {
      of_row[0] += sample[0];
      of_row[1] += sample[1];
      of_row[2] += sample[2];
    }
    red += of_row[0];
    green += of_row[1];
    blue += of_row[2];
  }
}

const std::vector<double>& block_means(const QualityImage& image) {
  const auto make = [&image] {
    const Image& rgb = image.rgb();
    const int side = std::max(1, std::min(rgb.width(), rgb.height()) / kBlocksAlongSide);
    const auto columns = static_cast<std::size_t>(rgb.width() / side);
    const double pixels = static_cast<double>(side) * side;
    BlockMeans means;
    for (int row = 0; row < rgb.height() / side; ++row) {
      std::vector<std::array<double, 3>> sums(columns);
      for (int y = row * side; y < (row + 1) * side; ++y) {
        add_row(rgb.row(y).data(), side, sums);
      }
      for (const auto& [red, green, blue] : sums) {
        means.values.push_back((0.299 * red + 0.587 * green + 0.114 * blue) / pixels);
      }
    }
    return means;
  };
  return part_of<BlockMeans>(image, make).values;
}

/// Nothing of a difference up to what is tolerated, all of it from twice that.
double noticed(double difference, double tolerated) {
  return difference * std::clamp(std::abs(difference) / tolerated - 1, 0.0, 1.0);
}

/// The blocks that are not clipped, or all where these are too few, as pairs of reference and distorted.
std::vector<std::array<double, 2>> used_blocks(const std::vector<double>& reference,
                                               const std::vector<double>& distorted) {
  std::vector<std::array<double, 2>> all;
  std::vector<std::array<double, 2>> used;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    all.push_back({reference[i], distorted[i]});
    if (distorted[i] > kClippedMargin && distorted[i] < 255 - kClippedMargin) {
      used.push_back(all.back());
    }
  }
  return used.size() >= kLeastUsedBlocks ? used : all;
}

}  // namespace

LevelAndContrast level_and_contrast(const QualityImage& reference, const QualityImage& distorted) {
  const auto blocks = used_blocks(block_means(reference), block_means(distorted));
  const auto count = static_cast<double>(blocks.size());
  double mean_a = 0;
  double mean_b = 0;
  for (const auto& [a, b] : blocks) {
    mean_a += a / count;
    mean_b += b / count;
  }
  double variance = 0;
  double covariance = 0;
  for (const auto& [a, b] : blocks) {
    variance += (a - mean_a) * (a - mean_a) / count;
    covariance += (a - mean_a) * (b - mean_b) / count;
  }
  const double gain =
      std::clamp((covariance + kFlatness) / (variance + kFlatness), kLeastGain, kLargestGain);
  return {mean_a, noticed(mean_b - mean_a, kToleratedShift),
          noticed(std::log(gain), kToleratedLogGain)};
}

Image adapted(const Image& image, const LevelAndContrast& to) {
  std::array<std::uint8_t, 256> levels{};
  for (std::size_t level = 0; level < levels.size(); ++level) {
    const double wanted =
        (static_cast<double>(level) - to.pivot) * std::exp(to.log_gain) + to.pivot + to.shift;
    levels[level] = static_cast<std::uint8_t>(std::clamp(std::floor(wanted + 0.5), 0.0, 255.0));
  }
  Image result = image;
  for (std::uint8_t& sample : result.pixels()) {
    sample = levels[sample];
  }
  return result;
}

}  // namespace gradspace::quality
