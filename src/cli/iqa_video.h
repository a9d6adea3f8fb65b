// What `gradspace iqa` does with two videos.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/quality_gate.h"
#include "gradspace/linear_decoder.h"

namespace gradspace::cli {

/// The options that are for videos alone.
struct VideoOptions {
  int every = 1;
  bool pooled = false;
};

void declare_video_options(CLI::App& app, VideoOptions& options);

/// Two videos, and how they are to be compared.
struct VideoComparison {
  std::string reference;
  std::string distorted;
  std::vector<std::string> metrics;
  std::string decoder;  ///< a file; empty = the one that ships
  std::string format;
  int threads = 0;
  bool quiet = false;
  VideoOptions video;
};

/// Whether two inputs are videos. Throws InvalidArgument where one is a video and the other an image.
bool are_videos(const std::string& reference, const std::string& distorted);

/// Scores all frames and prints them, or what is pooled of them. The metrics' means are what is judged. Returns the
/// exit status.
int compare_videos(const VideoComparison& comparison, const LinearDecoder* decoder,
                   QualityVerdicts& verdicts);

}  // namespace gradspace::cli
