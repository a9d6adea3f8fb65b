// What the targets of the image formats that modules read share: the module's own code is a part of the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradspace/error.h"
#include "image/format_module.h"

extern "C" const gradspace::ModuleHead* gradspace_format_module_entry();

namespace gradspace::fuzz {

/// Images of at most 2^18 pixels, so that a run takes no time over what is merely large.
class SmallImage final : public DecodedImage {
 public:
  void check_size(std::int64_t width, std::int64_t height) override {
    constexpr std::int64_t kMost = 1 << 18;
    if (width < 1 || height < 1 || width > kMost || height > kMost || width * height > kMost) {
      throw FormatError("too large");
    }
    width_ = width;
    height_ = height;
  }

  std::uint8_t* begin(std::int64_t width, std::int64_t height, int channels) override {
    if (width != width_ || height != height_) {
      throw FormatError("another size");
    }
    samples_.resize(static_cast<std::size_t>(width * height * channels));
    return samples_.data();
  }

 private:
  std::int64_t width_ = 0;
  std::int64_t height_ = 0;
  std::vector<std::uint8_t> samples_;
};

inline void decode_by_module(std::span<const std::uint8_t> bytes) {
  SmallImage image;
  try {
    static_cast<const FormatModuleEntry*>(gradspace_format_module_entry())->decode(bytes, image);
  } catch (const Error&) {  // the one way to refuse
  }
}

}  // namespace gradspace::fuzz
