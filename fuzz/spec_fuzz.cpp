#include <cstdlib>

#include "gradspace/error.h"
#include "gradspace/model.h"

// A description that is accepted has layers, and comes back from its JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const gradspace::AutoencoderSpec spec =
        gradspace::parse_autoencoder_spec({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (gradspace::layers(spec).empty() ||
        gradspace::parse_autoencoder_spec(gradspace::to_json(spec), "ours") != spec) {
      std::abort();
    }
  } catch (const gradspace::FormatError&) {
  }
  return 0;
}
