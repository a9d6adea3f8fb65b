#include <cstdlib>

#include "gradspace/error.h"
#include "model/pickle.h"
#include "model/pytorch_import.h"

namespace {

/// Small enough for a corpus of small files, and for every weight to be reached.
const gradspace::AutoencoderSpec kSpec{{1, 4, 4}, {{1, 2, 2, 0}}, 1, {{1, 2, 2, 0}}};

}  // namespace

// Bytes that begin like a pickle go to the pickle reader alone, as no mutation keeps an archive's
// checksums right; what is not an archive and not a pickle is refused at its first byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint8_t kPickle = 0x80;
  try {
    if (size > 0 && data[0] == kPickle) {
      gradspace::pickle::read({data, size}, "fuzz");
    } else {
      gradspace::parse_pytorch_checkpoint({data, size}, "fuzz", kSpec).validate();
    }
  } catch (const gradspace::FormatError&) {
  }
  return 0;
}
