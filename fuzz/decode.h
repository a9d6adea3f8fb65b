// What the image targets share: arbitrary bytes are decoded, or refused with an Error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gradspace/error.h"
#include "gradspace/image.h"

namespace gradspace::fuzz {

/// Decodes bytes of one format and makes a small picture of them; passes over other formats, which
/// have targets of their own.
inline void decode(ImageFormat format, std::span<const std::uint8_t> bytes) {
  constexpr int kSide = 5;
  std::array<std::uint8_t, kSide * kSide * 3> small{};
  try {
    if (detect_image_format(bytes, "fuzz") == format) {
      FixedSizeReader(kSide, kSide, 3).decode(bytes, "fuzz", small);
      if (format == ImageFormat::kJpeg) {
        FixedSizeReader(kSide, kSide, 3, Decoding::kFast).decode(bytes, "fuzz", small);
      }
    }
  } catch (const Error&) {  // the one way to refuse
  }
}

}  // namespace gradspace::fuzz
