#include "decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gradspace::fuzz::decode(gradspace::ImageFormat::kPnm, {data, size});
  return 0;
}
