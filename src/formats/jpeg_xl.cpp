// JPEG XL through libjxl, which gives 8 bits of whatever depth: 0 to 1 times 255, rounded. Of an animation the first
// frame is read; orientation is ignored.
#include <jxl/decode.h>

#include <memory>

#include "gradspace/export.h"
#include "gradspace/version.h"
#include "image/format_module.h"

namespace gradspace {
namespace {

struct DestroyJxlDecoder {
  void operator()(JxlDecoder* decoder) const { JxlDecoderDestroy(decoder); }
};
using JpegXlDecoder = std::unique_ptr<JxlDecoder, DestroyJxlDecoder>;

/// Whether one of the further channels is the ink black.
bool has_black(const JxlDecoder* decoder, const JxlBasicInfo& info) {
  for (std::uint32_t i = 0; i < info.num_extra_channels; ++i) {
    JxlExtraChannelInfo channel;
    if (JxlDecoderGetExtraChannelInfo(decoder, i, &channel) == JXL_DEC_SUCCESS &&
        channel.type == JXL_CHANNEL_BLACK) {
      return true;
    }
  }
  return false;
}

/// Tells the decoder where the pixels go. Empty where that went well.
std::string make_room(JxlDecoder* decoder, const JxlBasicInfo& info, DecodedImage& out) {
  const JxlPixelFormat format{info.num_color_channels, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
  const std::size_t wanted = std::size_t{info.xsize} * info.ysize * info.num_color_channels;
  std::size_t size = 0;
  if (JxlDecoderImageOutBufferSize(decoder, &format, &size) != JXL_DEC_SUCCESS || size != wanted) {
    return "damaged";
  }
  std::uint8_t* const samples =
      out.begin(info.xsize, info.ysize, static_cast<int>(info.num_color_channels));
  return JxlDecoderSetImageOutBuffer(decoder, &format, samples, size) == JXL_DEC_SUCCESS
             ? std::string()
             : "damaged";
}

std::string decode_jpeg_xl(std::span<const std::uint8_t> bytes, DecodedImage& out) {
  const JpegXlDecoder decoder(JxlDecoderCreate(nullptr));
  if (decoder == nullptr) {
    throw std::bad_alloc();
  }
  JxlDecoderSubscribeEvents(decoder.get(), JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE);
  JxlDecoderSetKeepOrientation(decoder.get(), JXL_TRUE);
  JxlDecoderSetInput(decoder.get(), bytes.data(), bytes.size());
  JxlDecoderCloseInput(decoder.get());
  JxlBasicInfo info{};
  for (;;) {
    switch (JxlDecoderProcessInput(decoder.get())) {
      case JXL_DEC_BASIC_INFO:
        if (JxlDecoderGetBasicInfo(decoder.get(), &info) != JXL_DEC_SUCCESS) {
          return "damaged";
        }
        out.check_size(info.xsize, info.ysize);
        if (has_black(decoder.get(), info)) {
          return "CMYK, which is not read";
        }
        break;
      case JXL_DEC_NEED_IMAGE_OUT_BUFFER:
        if (std::string failure = make_room(decoder.get(), info, out); !failure.empty()) {
          return failure;
        }
        break;
      case JXL_DEC_FULL_IMAGE:
        return {};
      case JXL_DEC_NEED_MORE_INPUT:
        return "truncated";
      default:
        return "damaged";
    }
  }
}

const char* jpeg_xl_library() {
  static const std::string text = [] {
    const std::uint32_t version = JxlDecoderVersion();
    return "libjxl " + std::to_string(version / 1000000) + '.' +
           std::to_string(version / 1000 % 1000) + '.' + std::to_string(version % 1000);
  }();
  return text.c_str();
}

}  // namespace
}  // namespace gradspace

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_format_module_entry() {
  static const gradspace::FormatModuleEntry entry{
      {gradspace::kFormatModuleAbi, gradspace::kVersion},
      gradspace::jpeg_xl_library,
      /*bytes_a_pixel=*/28,  // the decoder works in float32, twice over
      gradspace::decode_jpeg_xl};
  return &entry;
}
