#include "gradspace/error.h"
#include "memory_file.h"
#include "video/y4m.h"

// Frames of at most 2^16 pixels are read, so that a run takes no time over what is merely large.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kMostPixels = 1 << 16;
  static const gradspace::fuzz::MemoryFile file;
  file.set({data, size});
  try {
    const auto reader =
        gradspace::video::make_y4m_reader(gradspace::open_input(file.path()), file.path());
    const gradspace::VideoInfo& info = reader->info();
    if (static_cast<std::int64_t>(info.width) * info.height > kMostPixels) {
      return 0;
    }
    reader->skip();
    while (reader->next()) {
    }
  } catch (const gradspace::Error&) {  // the one way to refuse
  }
  return 0;
}
