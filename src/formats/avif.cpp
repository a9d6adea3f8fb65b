// AVIF through libavif, which also turns YUV into RGB. Of a sequence the first image is read. Rotation and mirroring
// (irot, imir) are ignored, as the orientation of EXIF is elsewhere.
#include <avif/avif.h>

#include <cstring>
#include <memory>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/version.h"
#include "image/format_module.h"

namespace gradspace {
namespace {

struct DestroyDecoder {
  void operator()(avifDecoder* decoder) const { avifDecoderDestroy(decoder); }
};
using Decoder = std::unique_ptr<avifDecoder, DestroyDecoder>;

std::string reason(avifResult result) {
  if (result == AVIF_RESULT_OUT_OF_MEMORY) {
    throw std::bad_alloc();
  }
  return result == AVIF_RESULT_TRUNCATED_DATA ? "truncated" : avifResultToString(result);
}

/// The first channels of pixels that have more.
void take_channels(const std::uint8_t* pixels, std::size_t count, std::size_t have,
                   std::size_t wanted, std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(out + i * wanted, pixels + i * have, wanted);
  }
}

/// Gives `out` the decoded planes as RGB, or grey. libavif would multiply alpha into colours where the result has
/// none: it is taken off beforehand, but where the colours are multiplied already and have to be divided.
avifResult convert(avifImage& image, DecodedImage& out) {
  const bool divide = image.alphaPlane != nullptr && image.alphaPremultiplied != 0;
  const std::size_t channels = image.yuvFormat == AVIF_PIXEL_FORMAT_YUV400 ? 1 : 3;
  const std::size_t converted = divide ? 4 : 3;
  const std::size_t pixels = static_cast<std::size_t>(image.width) * image.height;
  std::vector<std::uint8_t> further(converted == channels ? 0 : converted * pixels);
  std::uint8_t* const samples = out.begin(image.width, image.height, static_cast<int>(channels));
  if (!divide) {
    avifImageFreePlanes(&image, AVIF_PLANES_A);
  }
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, &image);
  rgb.format = divide ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.depth = 8;
  rgb.pixels = further.empty() ? samples : further.data();
  rgb.rowBytes = static_cast<std::uint32_t>(converted) * image.width;
  const avifResult result = avifImageYUVToRGB(&image, &rgb);
  if (!further.empty()) {
    take_channels(further.data(), pixels, converted, channels, samples);
  }
  return result;
}

std::string decode_avif(std::span<const std::uint8_t> bytes, DecodedImage& out) {
  const Decoder decoder(avifDecoderCreate());
  if (decoder == nullptr) {
    throw std::bad_alloc();
  }
  decoder->ignoreExif = AVIF_TRUE;
  decoder->ignoreXMP = AVIF_TRUE;
  decoder->maxThreads = 1;
  // Older encoders leave out what newer rules demand, which does the pixels no harm.
  decoder->strictFlags = AVIF_STRICT_DISABLED;
  decoder->imageDimensionLimit = 0;  // check_size knows better
  avifResult result = avifDecoderSetIOMemory(decoder.get(), bytes.data(), bytes.size());
  if (result == AVIF_RESULT_OK) {
    result = avifDecoderParse(decoder.get());
  }
  if (result != AVIF_RESULT_OK) {
    return reason(result);
  }
  out.check_size(decoder->image->width, decoder->image->height);
  result = avifDecoderNextImage(decoder.get());
  if (result != AVIF_RESULT_OK) {
    return reason(result);
  }
  result = convert(*decoder->image, out);
  return result == AVIF_RESULT_OK ? std::string() : reason(result);
}

const char* avif_library() {
  static const std::string text = std::string("libavif ") + avifVersion();
  return text.c_str();
}

}  // namespace
}  // namespace gradspace

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_format_module_entry() {
  static const gradspace::FormatModuleEntry entry{
      {gradspace::kFormatModuleAbi, gradspace::kVersion},
      gradspace::avif_library,
      /*bytes_a_pixel=*/12,  // samples, planes of up to 16 bits, and the codec's own
      gradspace::decode_avif};
  return &entry;
}
