#include <vector>

#include "gradspace/error.h"
#include "gradspace/source.h"
#include "memory_file.h"

// Every record of a file that opens has an image, or is refused alone. An odd first byte fills the last
// record up, as few inputs have the right size by chance.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gradspace::fuzz::MemoryFile file;
  constexpr std::size_t kRecord = 3073;
  std::vector<std::uint8_t> bytes(data, data + size);
  if (size > 0 && data[0] % 2 == 1) {
    bytes.resize((size + kRecord - 1) / kRecord * kRecord);
  }
  file.set(bytes);
  try {
    const auto source = gradspace::open_source(file.path(), gradspace::SourceKind::kCifar10);
    for (std::size_t i = 0; i < source->size(); ++i) {
      source->info(i);
      try {
        source->load(i);
      } catch (const gradspace::FormatError&) {
      }
    }
  } catch (const gradspace::FormatError&) {
  }
  return 0;
}
