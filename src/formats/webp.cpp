// WebP through libwebp. Of an animation the first frame is read, on its canvas.
#include <webp/decode.h>
#include <webp/demux.h>

#include <cstring>
#include <memory>

#include "gradspace/export.h"
#include "gradspace/version.h"
#include "image/format_module.h"

namespace gradspace {
namespace {

std::string reason(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      throw std::bad_alloc();
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "truncated";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "of a kind that libwebp does not read";
    default:
      return "damaged";
  }
}

struct DeleteAnimation {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

std::string decode_first_frame(std::span<const std::uint8_t> bytes, int width, int height,
                               DecodedImage& out) {
  const WebPData data{bytes.data(), bytes.size()};
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  options.use_threads = 0;
  const std::unique_ptr<WebPAnimDecoder, DeleteAnimation> decoder(
      WebPAnimDecoderNew(&data, &options));
  std::uint8_t* rgba = nullptr;
  int time_ms = 0;
  if (decoder == nullptr || WebPAnimDecoderGetNext(decoder.get(), &rgba, &time_ms) == 0) {
    return "a damaged or truncated animation";
  }
  std::uint8_t* to = out.begin(width, height, 3);
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  for (std::size_t i = 0; i < pixels; ++i) {
    std::memcpy(to + 3 * i, rgba + 4 * i, 3);
  }
  return {};
}

std::string decode_webp(std::span<const std::uint8_t> bytes, DecodedImage& out) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) {
    return "libwebp is of another version";
  }
  VP8StatusCode status = WebPGetFeatures(bytes.data(), bytes.size(), &config.input);
  if (status != VP8_STATUS_OK) {
    return reason(status);
  }
  const int width = config.input.width;
  const int height = config.input.height;
  out.check_size(width, height);
  if (config.input.has_animation != 0) {
    return decode_first_frame(bytes, width, height, out);
  }
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = out.begin(width, height, 3);
  config.output.u.RGBA.stride = 3 * width;
  config.output.u.RGBA.size =
      3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  status = WebPDecode(bytes.data(), bytes.size(), &config);
  return status == VP8_STATUS_OK ? std::string() : reason(status);
}

const char* webp_library() {
  static const std::string text = [] {
    const int version = WebPGetDecoderVersion();
    return "libwebp " + std::to_string(version >> 16) + '.' + std::to_string(version >> 8 & 0xFF) +
           '.' + std::to_string(version & 0xFF);
  }();
  return text.c_str();
}

}  // namespace
}  // namespace gradspace

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_format_module_entry() {
  static const gradspace::FormatModuleEntry entry{
      {gradspace::kFormatModuleAbi, gradspace::kVersion},
      gradspace::webp_library,
      /*bytes_a_pixel=*/11,  // our samples, and the two canvases of an animation
      gradspace::decode_webp};
  return &entry;
}
