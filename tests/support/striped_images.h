// Pictures that a small autoencoder can learn: stripes, by class of their direction.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "core/random.h"
#include "gradspace/image.h"
#include "gradspace/source.h"

namespace gradspace::testing {

inline constexpr int kSide = 28;

/// Class 0: lying stripes, class 1: standing ones, of random period, place and contrast.
inline Image striped_image(int object_class, std::uint64_t seed) {
  Random random(combine(seed, static_cast<std::uint64_t>(object_class)));
  const double period = random.uniform(4, 12);
  const double phase = random.uniform(0, period);
  const double contrast = random.uniform(40, 110);
  Image image(kSide, kSide, 1);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double along = object_class == 0 ? y : x;
      const double wave = std::sin(6.2831853 * (along + phase) / period);
      image.row(y)[static_cast<std::size_t>(x)] =
          static_cast<std::uint8_t>(128 + contrast * wave + random.uniform(-10, 10));
    }
  }
  return image;
}

/// `count` images of each of the given classes, one class after the other.
class StripedSource final : public Source {
 public:
  StripedSource(int classes, std::size_t count, std::uint64_t seed)
      : classes_(classes), count_(count), seed_(seed) {}

  SourceKind kind() const override { return SourceKind::kFolder; }
  std::size_t size() const override { return static_cast<std::size_t>(classes_) * count_; }
  ImageInfo info(std::size_t i) const override {
    ImageInfo info;
    info.path = std::to_string(i);
    info.object_class = static_cast<int>(i / count_);
    return info;
  }
  Image load(std::size_t i) const override {
    return striped_image(info(i).object_class, combine(seed_, i));
  }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  int classes_;
  std::size_t count_;
  std::uint64_t seed_;
};

}  // namespace gradspace::testing
