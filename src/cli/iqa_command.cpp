// gradspace iqa: how good does a distorted image look beside its reference?
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/iqa_video.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/printer.h"
#include "cli/progress.h"
#include "cli/quality_words.h"
#include "cli/source_options.h"
#include "gradspace/error.h"
#include "gradspace/score_pairs.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

namespace fs = std::filesystem;

/// Pairs after which their lines are flushed.
constexpr std::size_t kFlushed = 256;

struct IqaArguments {
  std::vector<std::string> inputs;
  std::string pairs;
  std::vector<std::string> metrics{"gradient"};
  std::string decoder;
  std::string map;
  std::optional<double> fail_below;
  std::string format = "table";
  int threads = 0;
  SourceOptions source;
  VideoOptions video;
  bool list = false;
  bool quiet = false;

  bool single() const {
    return inputs.size() == 2 && !is_folder(inputs[0]) && !is_folder(inputs[1]);
  }
};

PrinterLayout iqa_layout(const IqaArguments& arguments) {
  PrinterLayout layout;
  layout.columns = {{"reference", "reference"}, {"distorted", "distorted"}};
  for (const std::string& metric : arguments.metrics) {
    layout.columns.push_back({metric, metric, 10, "{:.6f}"});
  }
  const nlohmann::ordered_json options = {
      {"gradspace_version", kVersion},
      {"metrics", arguments.metrics},
      {"decoder", arguments.decoder.empty() ? "shipped" : arguments.decoder}};
  layout.options = json_text(options);
  layout.options_in_json_lines = false;
  return layout;
}

/// The decoder, where something wants one.
const LinearDecoder* choose_decoder(const IqaArguments& arguments,
                                    std::optional<LinearDecoder>& loaded) {
  if (!arguments.decoder.empty()) {
    return &loaded.emplace(load_decoder(arguments.decoder));
  }
  return !arguments.map.empty() || uses_decoder(arguments.metrics) ? &shipped_decoder() : nullptr;
}

PairList list_pairs(const IqaArguments& arguments) {
  if (!arguments.pairs.empty()) {
    return pairs_of_csv(arguments.pairs);
  }
  if (arguments.single()) {
    return {{{arguments.inputs[0], arguments.inputs[1]}}, {}, {}};
  }
  for (const std::string& input : arguments.inputs) {
    if (!is_folder(input)) {
      throw InvalidArgument(fmt::format(
          "{}: not a folder, as the other one is; give two images or two folders", input));
    }
  }
  return pairs_of_folders(arguments.inputs[0], arguments.inputs[1], arguments.source);
}

/// What could not be scored, and what scored worse than was demanded.
struct IqaFailures {
  std::vector<std::string> lines;
  std::vector<std::string> worse;
  std::size_t pairs = 0;       ///< without any score
  std::size_t incomplete = 0;  ///< with those of some metrics alone

  bool any() const { return pairs + incomplete > 0; }
};

/// The scores of a pair; nothing where a metric refused it.
std::vector<Cell> iqa_row(const ImagePair& pair, const PairScore& score) {
  std::vector<Cell> row{pair.reference.string(), pair.distorted.string()};
  for (const MetricScore& metric : score.scores) {
    row.push_back(metric.value ? Cell(*metric.value) : Cell());
  }
  return row;
}

/// What is said of a pair that the first metric scores worse than the gate; else nothing.
std::string worse_than_demanded(const ImagePair& pair, const PairScore& score,
                                const IqaArguments& arguments) {
  const std::optional<double>& value = score.scores.front().value;
  if (!arguments.fail_below || !value) {
    return "";
  }
  const std::string& metric = arguments.metrics.front();
  const bool larger_is_better = quality_metric_info(metric).larger_is_better;
  if (larger_is_better ? *value >= *arguments.fail_below : *value <= *arguments.fail_below) {
    return "";
  }
  return fmt::format("{}: {} is {:.6g}, {} than {}", pair.distorted.string(), metric, *value,
                     larger_is_better ? "less" : "more", *arguments.fail_below);
}

/// Scores and prints all pairs; returns what failed.
IqaFailures score_and_print(const std::vector<ImagePair>& pairs, const LinearDecoder* decoder,
                            const IqaArguments& arguments) {
  const QualityMetrics metrics = make_quality_metrics(arguments.metrics, decoder);
  const Printer printer(parse_output_format(arguments.format), iqa_layout(arguments));
  Progress progress("iqa", "pairs", arguments.quiet || pairs.size() < 2);
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  ScorePairsOptions options;
  options.threads = arguments.threads;
  IqaFailures failures;
  score_pairs(
      metrics, pairs,
      [&](std::size_t i, const PairScore& score) {
        if (!score.ok()) {
          ++failures.pairs;
          failures.lines.push_back(score.failure);
          return;
        }
        failures.incomplete += score.complete() ? 0 : 1;
        std::ranges::move(metric_failures(score, arguments.metrics),
                          std::back_inserter(failures.lines));
        if (std::string worse = worse_than_demanded(pairs[i], score, arguments); !worse.empty()) {
          failures.worse.push_back(std::move(worse));
        }
        printer.print(iqa_row(pairs[i], score));
        if (i % kFlushed == kFlushed - 1) {
          flush_results();
        }
      },
      options, observer);
  flush_results();
  return failures;
}

void draw_map(const IqaArguments& arguments, const LinearDecoder& decoder) {
  const QualityImage reference(read_image(arguments.inputs[0]), arguments.inputs[0]);
  const QualityImage distorted(read_image(arguments.inputs[1]), arguments.inputs[1]);
  write_image(arguments.map,
              draw_gradient_map(reference, gradient_map(reference, distorted, decoder)));
}

int iqa_of_videos(const IqaArguments& arguments) {
  if (!arguments.map.empty()) {
    throw InvalidArgument("--map is drawn of images, not of videos");
  }
  std::optional<LinearDecoder> loaded;
  const LinearDecoder* decoder = choose_decoder(arguments, loaded);
  return compare_videos(
      {arguments.inputs[0], arguments.inputs[1], arguments.metrics,
       arguments.decoder.empty() ? "shipped" : arguments.decoder, arguments.fail_below,
       arguments.format, arguments.threads, arguments.quiet, arguments.video},
      decoder);
}

/// What metrics there are.
int list_metrics(const IqaArguments& arguments) {
  PrinterLayout layout;
  layout.columns = {{"name", "name", -11},
                    {"family", "family", -10},
                    {"range", "range", -13},
                    {"direction", "direction", -17},
                    {"identical_images", "identical", 9},
                    {"source", "source"}};
  layout.options = json_text(nlohmann::ordered_json{{"gradspace_version", kVersion}});
  layout.options_in_json_lines = false;
  const Printer printer(parse_output_format(arguments.format), layout);
  for (const QualityMetricInfo& info : all_quality_metrics()) {
    printer.print({std::string(info.name), std::string(info.family), std::string(info.range),
                   std::string(info.larger_is_better ? "larger is better" : "smaller is better"),
                   info.of_identical_images, std::string(info.source)});
  }
  flush_results();
  return kDone;
}

int iqa(const IqaArguments& arguments) {
  if (arguments.list) {
    return list_metrics(arguments);
  }
  if (arguments.single() && are_videos(arguments.inputs[0], arguments.inputs[1])) {
    return iqa_of_videos(arguments);
  }
  if (!arguments.map.empty()) {
    refuse_inputs(arguments.map,
                  {arguments.inputs.at(0), arguments.inputs.at(1), arguments.decoder});
    image_format_from_extension(arguments.map);
  }
  std::optional<LinearDecoder> loaded;
  const LinearDecoder* decoder = choose_decoder(arguments, loaded);
  const PairList list = list_pairs(arguments);
  for (const std::string& remark : list.remarks) {
    say("gradspace: {}", remark);
  }
  if (list.pairs.empty() && list.unmatched.empty()) {
    throw InvalidArgument(fmt::format("{}: lists no pair of images", arguments.pairs));
  }
  const IqaFailures failures = score_and_print(list.pairs, decoder, arguments);
  if (!arguments.map.empty() && !failures.any()) {
    draw_map(arguments, *decoder);
  }
  for (const std::string& failure : failures.lines) {
    say("gradspace: {}", failure);
  }
  for (const std::string& image : list.unmatched) {
    say("gradspace: {}", image);
  }
  if (list.pairs.size() > 1 && failures.pairs + list.unmatched.size() > 0) {
    say("gradspace: {} of {} pairs could not be scored; {} images have no partner", failures.pairs,
        list.pairs.size(), list.unmatched.size());
  }
  if (list.pairs.size() > 1 && failures.incomplete > 0) {
    say("gradspace: {} of {} pairs lack the score of a metric", failures.incomplete,
        list.pairs.size());
  }
  for (const std::string& pair : failures.worse) {
    say("gradspace: {}", pair);
  }
  if (failures.any() || !list.unmatched.empty()) {
    return kFailed;
  }
  return failures.worse.empty() ? kDone : kGateNotMet;
}

std::function<int()> declare_iqa(CLI::App& app) {
  const auto arguments = std::make_shared<IqaArguments>();
  IqaArguments& a = *arguments;
  auto* inputs = app.add_option("inputs", a.inputs,
                                "Reference and distorted image, two videos, or two folders whose "
                                "images are paired by name")
                     ->expected(2);
  app.add_option("--pairs", a.pairs, "CSV with the columns reference and distorted")
      ->excludes(inputs);
  app.add_option("--metric", a.metrics, "Comma-separated: " + metric_list())
      ->delimiter(',')
      ->allow_extra_args(false)  // the images that may follow are none
      ->check(CLI::IsMember(metric_words()));
  app.add_flag("--list", a.list, "Print the metrics with their ranges, directions and sources")
      ->excludes(inputs);
  app.add_option("--decoder", a.decoder,
                 "Decoder of the learned scores: .safetensors, or the published MATLAB file "
                 "(default: the built-in one)");
  app.add_option("--map", a.map,
                 "Draw where the two images differ in gradient space into this file");
  app.add_option(
         "--fail-below", a.fail_below,
         "Exit with 3 where the first metric scores a pair worse than this: lower, or higher "
         "where smaller is better")
      ->check(finite_number());
  declare_video_options(app, a.video);
  declare_hidden(app, a.source);
  app.add_option("--format", a.format, "table, jsonl or csv")->check(output_format());
  app.add_option("--threads", a.threads, "Threads to use; 0 = all cores")->check(thread_count());
  app.add_flag("--quiet", a.quiet, "No progress");
  app.parse_complete_callback([&a] {
    if (a.inputs.empty() && a.pairs.empty() && !a.list) {
      throw CLI::RequiredError("Two images, two folders, or --pairs");
    }
    a.metrics = quality_metric_names(a.metrics);
    if (!a.map.empty() && !a.single()) {
      throw CLI::ValidationError("--map", "is drawn of one pair of images");
    }
  });
  return [arguments] { return iqa(*arguments); };
}

}  // namespace

Command iqa_command() {
  return {"iqa", "Score the quality of distorted images beside their references",
          "gradspace iqa reference.png distorted.jpg --metric gradient,unique,psnr,ssim",
          declare_iqa};
}

}  // namespace gradspace::cli
