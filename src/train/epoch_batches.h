// The way through an epoch's images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gradspace/train.h"

namespace gradspace {

/// The batches of one epoch: images in its order, each with its noise. The last may be shorter.
class EpochBatches {
 public:
  EpochBatches(const ImageStore& images, std::size_t batch, std::size_t latent, std::uint64_t seed,
               int epoch);

  struct Batch {
    std::size_t begin = 0;  ///< place of the first image in the epoch's order
    std::size_t n = 0;
    std::span<const std::uint8_t> images_u8_nhwc;
    std::span<const float> noise;  ///< [n, latent]
  };

  /// The next one, which lasts until the call after; none after the last.
  std::optional<Batch> next();

 private:
  const ImageStore& images_;
  std::size_t batch_;
  std::size_t latent_;
  std::uint64_t seed_;
  int epoch_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint8_t> pixels_;
  std::vector<float> noise_;
  std::size_t begin_ = 0;
};

}  // namespace gradspace
