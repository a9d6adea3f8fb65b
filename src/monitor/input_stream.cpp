// What libavformat opens: video files, RTSP addresses, V4L2 devices.
#include "gradspace/error.h"
#include "monitor/frame_reader.h"

namespace gradspace::monitor {

std::unique_ptr<FrameReader> open_stream(const CameraInput& input,
                                         const ReaderSurroundings& surroundings) {
  return open_piped_video(input, surroundings);
}

std::unique_ptr<FrameReader> open_frames(const CameraInput& input,
                                         const ReaderSurroundings& surroundings) {
  switch (input.kind) {
    case CameraInputKind::kFolder:
      return open_folder(input, surroundings);
    case CameraInputKind::kStream:
      return open_stream(input, surroundings);
    case CameraInputKind::kVideo:
      return open_piped_video(input, surroundings);
    case CameraInputKind::kRaw:
      return open_raw_frames(input, surroundings);
    case CameraInputKind::kSimulated:
      return open_simulated_camera(input, surroundings);
    case CameraInputKind::kPush:
      break;
  }
  throw InvalidArgument("monitor: a camera whose frames are pushed has no input to open");
}

}  // namespace gradspace::monitor
