#include <cstdlib>

#include "gradspace/error.h"
#include "gradspace/safetensors.h"

// What is accepted comes out again, and then stays as it is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const gradspace::SafeTensors file = gradspace::parse_safetensors({data, size}, "fuzz");
    const std::vector<std::uint8_t> bytes = gradspace::serialise_safetensors(file);
    if (gradspace::serialise_safetensors(gradspace::parse_safetensors(bytes, "ours")) != bytes) {
      std::abort();
    }
  } catch (const gradspace::FormatError&) {
  }
  return 0;
}
