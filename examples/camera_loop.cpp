// Scores frames as they come and says which are out of distribution, one line a frame.
//
//   camera_loop MODEL DETECTOR FRAME_OR_FOLDER...
//
// The frames are image files, or folders of them in the order of their names. They stand for a camera, whose
// buffers a gradspace::ImageView describes without a copy. A frame that can't be read is reported and passed
// over, because one broken frame must not stop the watch.
#include <gradspace/error.h>
#include <gradspace/image.h>
#include <gradspace/scorer.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <span>
#include <vector>

namespace fs = std::filesystem;

std::vector<fs::path> frames_of(std::span<char*> arguments) {
  std::vector<fs::path> frames;
  for (const fs::path argument : arguments) {
    if (!fs::is_directory(argument)) {
      frames.push_back(argument);
      continue;
    }
    const std::size_t first = frames.size();
    for (const fs::directory_entry& entry : fs::directory_iterator(argument)) {
      if (gradspace::has_image_extension(entry.path())) {
        frames.push_back(entry.path());
      }
    }
    std::sort(frames.begin() + static_cast<std::ptrdiff_t>(first), frames.end());
  }
  return frames;
}

/// Prints the verdict on one frame. Returns whether it is out of distribution.
bool watch(gradspace::Scorer& scorer, const fs::path& frame) {
  const auto begin = std::chrono::steady_clock::now();
  const gradspace::ImageScore verdict = scorer.score(gradspace::read_image(frame));
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
  std::printf("%s score %.6g p-value %.3g %.2f ms%s\n", frame.c_str(), verdict.score,
              verdict.p_value, taken.count(),
              verdict.out_of_distribution ? " OUT OF DISTRIBUTION" : "");
  return verdict.out_of_distribution;
}

int run(std::span<char*> arguments) {
  // A scorer is for one thread. Several cameras can share one, or have a thread and a scorer each.
  gradspace::Scorer scorer(gradspace::read_model(arguments[0]),
                           gradspace::read_detector(arguments[1]));
  std::size_t flagged = 0;
  std::size_t scored = 0;
  for (const fs::path& frame : frames_of(arguments.subspan(2))) {
    try {
      flagged += watch(scorer, frame) ? 1 : 0;
      ++scored;
    } catch (const gradspace::Error& error) {
      std::fprintf(stderr, "camera_loop: %s\n", error.what());
    }
  }
  std::printf("%zu of %zu frames are out of distribution\n", flagged, scored);
  return scored > 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: camera_loop MODEL DETECTOR FRAME_OR_FOLDER...\n");
    return 2;
  }
  try {
    return run(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "camera_loop: %s\n", error.what());
    return 1;
  }
}
