// Videos by libavformat: the module's own code is a part of the target, and its frames are turned into pixels as the
// library does it. FFmpeg's libraries are as the system has them; what they do with memory is theirs.
#include <cstdint>
#include <memory>
#include <string>

#include "gradspace/error.h"
#include "memory_file.h"
#include "video/media_module.h"
#include "video/planes.h"

extern "C" const gradspace::ModuleHead* gradspace_media_module_entry();

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace;
  constexpr std::int64_t kMostPixels = 1 << 14;
  constexpr int kMostFrames = 6;
  static const fuzz::MemoryFile file;
  static const auto& module =
      *static_cast<const video::MediaModuleEntry*>(gradspace_media_module_entry());
  file.set({data, size});
  std::string failure;
  const std::unique_ptr<video::MediaDecoder> decoder =
      module.open(file.path(), kMostPixels, failure);
  if (decoder == nullptr) {
    return failure.empty() ? (__builtin_trap(), 0) : 0;
  }
  try {
    video::MediaFrame frame;
    for (int i = 0;
         i < kMostFrames && decoder->next(frame, failure) == video::MediaDecoder::Outcome::kFrame;
         ++i) {
      const video::PlaneFormat& format = frame.format;
      if (std::int64_t{format.width} * format.height > kMostPixels) {
        __builtin_trap();
      }
      if (!frame.pixels) {
        video::PlaneConverter(format).convert(frame.planes);
      }
    }
  } catch (const Error&) {  // the one way to refuse
  }
  return 0;
}
