// The module that reads videos through libavformat and libavcodec.
extern "C" {
#include <libavutil/log.h>
}

#include <string>

#include "gradspace/export.h"
#include "gradspace/version.h"
#include "media/file_decoder.h"
#include "media/libav.h"
#include "media/live_decoder.h"
#include "video/media_module.h"

namespace gradspace::video {
namespace {

const char* media_libraries() {
  static const std::string text = [] {
    const unsigned version = avformat_version();
    return "libavformat " + std::to_string(AV_VERSION_MAJOR(version)) + '.' +
           std::to_string(AV_VERSION_MINOR(version)) + '.' +
           std::to_string(AV_VERSION_MICRO(version));
  }();
  return text.c_str();
}

/// The libraries print what they think of a file, which the caller says in a line of ours.
void be_quiet() {
  av_log_set_level(AV_LOG_QUIET);
}

}  // namespace
}  // namespace gradspace::video

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_media_module_entry() {
  gradspace::video::be_quiet();
  static const gradspace::video::MediaModuleEntry entry{
      {gradspace::video::kMediaModuleAbi, gradspace::kVersion},
      gradspace::video::media_libraries,
      gradspace::video::open_media_file,
      gradspace::video::open_live_media};
  return &entry;
}
