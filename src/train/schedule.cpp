#include "train/schedule.h"

#include <cassert>
#include <cmath>
#include <numbers>
#include <string_view>

#include "core/random.h"

namespace gradspace {
namespace {

/// One stream a purpose: order and noise of one epoch have nothing in common.
std::uint64_t epoch_seed(std::string_view purpose, std::uint64_t seed, int epoch) {
  return combine(combine(seed, hash_text(purpose)), static_cast<std::uint64_t>(epoch));
}

/// Box and Muller from 64 random bits: 40 for the radius, 24 for the angle. In float: glibc
/// computes these functions in double and rounds once, so the values do not hang on the processor.
struct NormalPair {
  explicit NormalPair(std::uint64_t bits) {
    const float above_zero = static_cast<float>((bits >> 24) + 1) * 0x1.0p-40F;
    const float turn = static_cast<float>(bits & 0xFFFFFFU) * 0x1.0p-24F;
    const float radius = std::sqrt(-2.0F * std::log(above_zero));
    const float angle = 2.0F * std::numbers::pi_v<float> * turn;
    first = radius * std::cos(angle);
    second = radius * std::sin(angle);
  }
  float first;
  float second;
};

}  // namespace

std::vector<std::uint32_t> epoch_order(std::uint32_t count, std::uint64_t seed, int epoch) {
  return permutation(count, epoch_seed("train.order", seed, epoch));
}

void fill_noise(std::span<float> noise, std::size_t latent, std::uint64_t seed, int epoch,
                std::uint64_t first_place) {
  if (latent == 0) {
    return;
  }
  assert(noise.size() % latent == 0);
  const std::uint64_t key = epoch_seed("train.noise", seed, epoch);
  for (std::uint64_t place = first_place; !noise.empty(); ++place) {
    const std::span<float> row = noise.first(latent);
    const std::uint64_t image_key = combine(key, place);
    for (std::size_t i = 0; i < latent; i += 2) {
      const NormalPair pair(combine(image_key, i));
      row[i] = pair.first;
      if (i + 1 < latent) {
        row[i + 1] = pair.second;
      }
    }
    noise = noise.subspan(latent);
  }
}

}  // namespace gradspace
