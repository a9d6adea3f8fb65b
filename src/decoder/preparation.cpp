#include "decoder/preparation.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/parallel.h"
#include "core/round_up.h"
#include "decoder/halving.h"
#include "decoder/patch_kernels.h"
#include "simd/row_blocks.h"

namespace gradspace::quality {

namespace {

/// Patches whose sums are added by themselves, so that the mean does not depend on the number of threads.
constexpr std::size_t kSummedPatches = 1024;

constexpr std::array<float, 256> kScaled = [] {
  std::array<float, 256> scaled{};
  for (std::size_t v = 0; v < scaled.size(); ++v) {
    scaled[v] = static_cast<float>(v) / 255.0F;
  }
  return scaled;
}();

/// One row of pixels into row `y` of the patches that begin with `patch`.
void cut_row(const std::uint8_t* ygcr, int columns, int y, float* patch) {
  constexpr std::size_t kSide = kPatchSide;
  constexpr std::size_t kPlane = kSide * kSide;
  for (int column = 0; column < columns; ++column, patch += kPatchSize) {
    float* into = patch + y;
    for (std::size_t x = 0; x < kSide; ++x, into += kSide, ygcr += 3) {
      into[0] = kScaled[ygcr[0]];
      into[kPlane] = kScaled[ygcr[1]];
      into[2 * kPlane] = kScaled[ygcr[2]];
    }
  }
}

/// Room for the whole patches of so many pixels.
Patches patches_of_size(int width, int height) {
  Patches patches;
  patches.columns = width / kPatchSide;
  patches.rows = height / kPatchSide;
  patches.count =
      static_cast<std::size_t>(patches.columns) * static_cast<std::size_t>(patches.rows);
  patches.values.resize(patches.count * kPatchSize);
  return patches;
}

/// Where the patches of row `row` of patches begin.
float* row_of(Patches& patches, std::size_t row) {
  return patches.values.data() + row * static_cast<std::size_t>(patches.columns) * kPatchSize;
}

}  // namespace

Image to_ygcr(const Image& rgb) {
  Image out(rgb.width(), rgb.height(), 3);
  ygcr_of_rgb(rgb.pixels().data(), rgb.pixels().size() / 3, out.pixels().data());
  return out;
}

Patches cut_patches(const Image& ygcr) {
  Patches patches = patches_of_size(ygcr.width(), ygcr.height());
  for (int y = 0; y < patches.rows * kPatchSide; ++y) {
    cut_row(ygcr.row(y).data(), patches.columns, y % kPatchSide,
            row_of(patches, static_cast<std::size_t>(y / kPatchSide)));
  }
  return patches;
}

Patches image_patches(const Image& image) {
  if (image.channels() != 3) {
    return image_patches(to_rgb(image));
  }
  const int width = (image.width() + 1) / 2;
  Patches patches = patches_of_size(width, (image.height() + 1) / 2);
  parallel_for_ranges(static_cast<std::size_t>(patches.rows), 4,
                      [&](std::size_t begin, std::size_t end) {
                        Halving halving(image);
                        std::vector<std::uint8_t> half(3 * static_cast<std::size_t>(width));
                        std::vector<std::uint8_t> ygcr(half.size());
                        for (std::size_t row = begin; row < end; ++row) {
                          for (int y = 0; y < kPatchSide; ++y) {
                            halving.row(static_cast<int>(row) * kPatchSide + y, half.data());
                            ygcr_of_rgb(half.data(), half.size() / 3, ygcr.data());
                            cut_row(ygcr.data(), patches.columns, y, row_of(patches, row));
                          }
                        }
                      });
  return patches;
}

void subtract_mean(Patches& patches) {
  const std::size_t groups = block_count(kSummedPatches, patches.count);
  std::vector<std::array<double, kPatchSize>> sums(groups);
  const auto for_each_group = [&](const auto& use) {
    parallel_for(groups, [&](std::size_t group) {
      const std::size_t first = group * kSummedPatches;
      use(group, std::min(kSummedPatches, patches.count - first), patches.patch(first).data());
    });
  };
  for_each_group([&](std::size_t group, std::size_t count, const float* first) {
    add_patches(count, first, sums[group].data());
  });
  std::array<double, kPatchSize> mean{};
  for (std::size_t i = 0; i < kPatchSize; ++i) {
    for (const auto& sum : sums) {
      mean[i] += sum[i];
    }
    mean[i] /= static_cast<double>(patches.count);
  }
  for_each_group([&](std::size_t /*group*/, std::size_t count, float* first) {
    subtract_from_patches(count, mean.data(), first);
  });
}

std::vector<double> covariance(const Patches& patches) {
  return mean_product(patches.count, kPatchSize, kPatchSize, ProductSum::Half::kUpper,
                      [&](std::size_t first, std::size_t rows, ProductSum& sum) {
                        const float* block = patches.patch(first).data();
                        sum.add(rows, block, block);
                      });
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
