#include "format_module.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gradspace::fuzz::decode_by_module({data, size});
  return 0;
}
