// What the library and the modules that read further image formats (src/formats/) know of each other.
//
// A module links the format's library and nothing of ours: it is given what it needs by this interface, so that one
// and the same serves the shared library, the static one and the tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/module_head.h"

namespace gradspace {

/// Takes an image from a module. What it throws passes through the module.
class DecodedImage {
 public:
  virtual ~DecodedImage() = default;
  /// To be called with the size that the header promises, before anything is allocated for the pixels. Throws
  /// FormatError for a size that is refused.
  virtual void check_size(std::int64_t width, std::int64_t height) = 0;
  /// Where the samples go, `width` x `height` x `channels` of them, 8 bits each, rows from the top without padding:
  /// 1 channel is grey, 3 are R, G, B. To be called once, with the size that was checked.
  virtual std::uint8_t* begin(std::int64_t width, std::int64_t height, int channels) = 0;
};

/// Raise it whenever one of these types changes.
inline constexpr std::uint32_t kFormatModuleAbi = 1;

/// What the symbol gives.
struct FormatModuleEntry : ModuleHead {
  /// "libwebp 1.2.4".
  const char* (*library)() = nullptr;
  /// About how much the library holds of an image while it decodes it, our samples among it.
  std::int64_t bytes_a_pixel = 3;
  /// Gives `out` the image. Empty where that went well; else what is wrong with the file, in a few words.
  std::string (*decode)(std::span<const std::uint8_t> bytes, DecodedImage& out) = nullptr;
};

inline constexpr const char* kFormatModuleSymbol = "gradspace_format_module_entry";

}  // namespace gradspace
