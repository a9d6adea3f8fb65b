#include "gradspace/error.h"
#include "gradspace/linear_decoder.h"
#include "memory_file.h"

// Whatever the bytes: a decoder that validates, or an error of ours.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gradspace::fuzz::MemoryFile file;
  file.set({data, size});
  try {
    gradspace::import_matlab_decoder(file.path()).validate();
  } catch (const gradspace::FormatError&) {
  }
  return 0;
}
