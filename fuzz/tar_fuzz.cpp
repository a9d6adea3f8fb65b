// The index of tar archives: members lie within the archive, each behind the one before, and what is listed can be read
// or is refused.
#include <cstdint>
#include <cstdlib>

#include "data/tar_index.h"
#include "data/tar_source.h"
#include "gradspace/error.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace;
  static const fuzz::MemoryFile memory;
  memory.set({data, size});
  try {
    const RandomAccessFile file(memory.path());
    TarReader reader(file);
    std::uint64_t end = 0;
    while (const auto member = reader.next()) {
      if (member->offset < end + 512 || member->size > size ||
          member->offset > size - member->size) {
        std::abort();
      }
      end = member->offset + member->size;
    }
  } catch (const FormatError&) {
  }
  try {
    const auto source = open_tar_archives({memory.path()});
    for (std::size_t i = 0; i < source->size(); ++i) {
      if (source->info(i).path.starts_with("../") || source->info(i).path.starts_with('/')) {
        std::abort();
      }
    }
    source->load(0);
  } catch (const FormatError&) {
  }
  return 0;
}
