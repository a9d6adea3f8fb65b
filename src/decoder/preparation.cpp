#include "decoder/preparation.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "simd/products.h"

namespace gradspace::quality {

Image to_ygcr(const Image& rgb) {
  // Thousandths of the usual coefficients, over 255: integers round as the real numbers do.
  constexpr std::int32_t kScale = 255000;
  Image out(rgb.width(), rgb.height(), 3);
  const std::span<const std::uint8_t> in = rgb.pixels();
  const std::span<std::uint8_t> to = out.pixels();
  for (std::size_t i = 0; i < in.size(); i += 3) {
    const std::int32_t r = in[i];
    const std::int32_t g = in[i + 1];
    const std::int32_t b = in[i + 2];
    const std::int32_t luma = 65481 * r + 128553 * g + 24966 * b + 16 * kScale;
    const std::int32_t red_difference = 112000 * r - 93786 * g - 18214 * b + 128 * kScale;
    to[i] = static_cast<std::uint8_t>((luma + kScale / 2) / kScale);
    to[i + 1] = in[i + 1];
    to[i + 2] = static_cast<std::uint8_t>((red_difference + kScale / 2) / kScale);
  }
  return out;
}

Patches cut_patches(const Image& ygcr) {
  const int columns = ygcr.width() / kPatchSide;
  const int rows = ygcr.height() / kPatchSide;
  Patches patches;
  patches.count = static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows);
  patches.values.resize(patches.count * kPatchSize);
  constexpr std::size_t kSide = kPatchSide;
  constexpr std::size_t kPlane = kSide * kSide;
  std::array<float, 256> scaled{};
  for (std::size_t v = 0; v < scaled.size(); ++v) {
    scaled[v] = static_cast<float>(v) / 255.0F;
  }
  for (int row = 0; row < rows; ++row) {
    for (int y = 0; y < kPatchSide; ++y) {
      const std::uint8_t* in = ygcr.row(row * kPatchSide + y).data();
      float* patch =
          patches.patch(static_cast<std::size_t>(row) * static_cast<std::size_t>(columns)).data() +
          y;
      for (int column = 0; column < columns; ++column, patch += kPatchSize) {
        for (std::size_t x = 0; x < kSide; ++x, in += 3) {
          patch[x * kSide] = scaled[in[0]];
          patch[x * kSide + kPlane] = scaled[in[1]];
          patch[x * kSide + 2 * kPlane] = scaled[in[2]];
        }
      }
    }
  }
  return patches;
}

Patches image_patches(const Image& image) {
  return cut_patches(to_ygcr(halve(image.channels() == 3 ? image : to_rgb(image))));
}

void subtract_mean(Patches& patches) {
  std::array<double, kPatchSize> sums{};
  for (std::size_t p = 0; p < patches.count; ++p) {
    const std::span<const float> patch = patches.patch(p);
    for (std::size_t i = 0; i < kPatchSize; ++i) {
      sums[i] += static_cast<double>(patch[i]);
    }
  }
  for (double& sum : sums) {
    sum /= static_cast<double>(patches.count);
  }
  for (std::size_t p = 0; p < patches.count; ++p) {
    const std::span<float> patch = patches.patch(p);
    for (std::size_t i = 0; i < kPatchSize; ++i) {
      patch[i] = static_cast<float>(static_cast<double>(patch[i]) - sums[i]);
    }
  }
}

std::vector<double> covariance(const Patches& patches) {
  ProductSum sum(kPatchSize, kPatchSize, ProductSum::Half::kUpper);
  for (std::size_t first = 0; first < patches.count; first += kBlockRows) {
    const float* block = patches.patch(first).data();
    sum.add(std::min(kBlockRows, patches.count - first), block, block);
  }
  return sum.mean(patches.count);
}

void whiten(Patches& patches, std::span<const float> matrix) {
  const PackedMatrix packed(kPatchSize, kPatchSize, matrix.data());
  std::vector<float> white(kBlockRows * kPatchSize);
  for (std::size_t first = 0; first < patches.count; first += kBlockRows) {
    const std::size_t rows = std::min(kBlockRows, patches.count - first);
    float* block = patches.patch(first).data();
    multiply(rows, block, packed, white.data());
    std::memcpy(block, white.data(), rows * kPatchSize * sizeof(float));
  }
}

}  // namespace gradspace::quality
