// What `gradspace iqa` is asked for.
#pragma once

#include <string>
#include <vector>

#include "cli/iqa_video.h"
#include "cli/output_target.h"
#include "cli/printer.h"
#include "cli/quality_gate.h"
#include "cli/source_options.h"
#include "gradspace/compare_folders.h"

namespace gradspace::cli {

struct IqaArguments {
  std::vector<std::string> inputs;
  std::string pairs;
  std::vector<std::string> metrics{"gradient"};
  std::string decoder;
  std::string map;
  std::string fail_below;
  std::string junit;
  std::string out;
  std::vector<std::string> curves;
  std::string anchor;
  RateInterpolation interpolation = RateInterpolation::kPchip;
  std::string format = "table";
  int threads = 0;
  SourceOptions source;
  VideoOptions video;
  bool list = false;
  bool scale = false;
  bool quiet = false;

  /// One pair of images.
  bool single() const {
    return inputs.size() == 2 && !is_folder(inputs[0]) && !is_folder(inputs[1]);
  }
  /// Several folders beside their references, or one whose results are written.
  bool compares_folders() const { return inputs.size() > 2 || !out.empty() || !curves.empty(); }
};

/// What was demanded, nothing where it wasn't anything.
QualityVerdicts verdicts_of(const IqaArguments& arguments);

/// The options that stand in the head of results.
std::string iqa_options_text(const IqaArguments& arguments);

/// "NAME=DIR,DIR,...". Throws InvalidArgument.
NamedCurve parse_named_curve(const std::string& text);

/// Compares folders, prints and writes what was found; returns the exit status.
int compare_quality_of_folders(const IqaArguments& arguments);

}  // namespace gradspace::cli
