#include "decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gradspace::fuzz::decode(gradspace::ImageFormat::kJpeg, {data, size});
  return 0;
}
