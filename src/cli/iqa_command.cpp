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
#include "cli/iqa_arguments.h"
#include "cli/iqa_video.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/printer.h"
#include "cli/progress.h"
#include "cli/quality_equivalents.h"
#include "cli/quality_words.h"
#include "gradspace/error.h"
#include "gradspace/quality_scale.h"
#include "gradspace/score_pairs.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

namespace fs = std::filesystem;

/// Pairs after which their lines are flushed.
constexpr std::size_t kFlushed = 256;

PrinterLayout iqa_layout(const IqaArguments& arguments, const QualityEquivalents& equivalents) {
  PrinterLayout layout;
  layout.columns = {{"reference", "reference"}, {"distorted", "distorted"}};
  for (const std::string& metric : arguments.metrics) {
    layout.columns.push_back({metric, metric, 10, "{:.6f}"});
  }
  equivalents.add_columns(layout);
  layout.options = iqa_options_text(arguments);
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

/// What could not be scored.
struct IqaFailures {
  std::vector<std::string> lines;
  std::size_t pairs = 0;       ///< without any score
  std::size_t incomplete = 0;  ///< with those of some metrics alone

  bool any() const { return pairs + incomplete > 0; }
};

/// The scores of a pair; nothing where a metric refused it.
std::vector<Cell> iqa_row(const ImagePair& pair, const PairScore& score,
                          const QualityEquivalents& equivalents) {
  std::vector<Cell> row{pair.reference.string(), pair.distorted.string()};
  for (const MetricScore& metric : score.scores) {
    row.push_back(metric.value ? Cell(*metric.value) : Cell());
  }
  equivalents.add_cells(score, row);
  return row;
}

/// The name of an image in a JUnit file: its path in the folder that is compared, where there is one.
std::string case_name(const IqaArguments& arguments, const ImagePair& pair) {
  return arguments.pairs.empty() && !arguments.single()
             ? pair.distorted.lexically_relative(arguments.inputs[1]).string()
             : pair.distorted.string();
}

/// The suite of a JUnit file that all pairs are in.
std::string suite_name(const IqaArguments& arguments) {
  return arguments.pairs.empty() ? arguments.inputs[1] : arguments.pairs;
}

void judge(const ImagePair& pair, const PairScore& score, const IqaArguments& arguments,
           QualityVerdicts& verdicts) {
  std::vector<std::optional<double>> scores;
  for (const MetricScore& metric : score.scores) {
    scores.push_back(metric.value);
  }
  std::vector<std::string> errors = score.ok() ? metric_failures(score, arguments.metrics)
                                               : std::vector<std::string>{score.failure};
  verdicts.judge({suite_name(arguments), case_name(arguments, pair), pair.distorted.string(),
                  scores, std::move(errors)});
}

/// Scores and prints all pairs; returns what failed.
IqaFailures score_and_print(const std::vector<ImagePair>& pairs, const LinearDecoder* decoder,
                            const IqaArguments& arguments, QualityVerdicts& verdicts) {
  const QualityMetrics metrics = make_quality_metrics(arguments.metrics, decoder);
  const QualityEquivalents equivalents(arguments);
  const Printer printer(parse_output_format(arguments.format), iqa_layout(arguments, equivalents));
  Progress progress("iqa", "pairs", arguments.quiet || pairs.size() < 2);
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  ScorePairsOptions options;
  options.threads = arguments.threads;
  IqaFailures failures;
  score_pairs(
      metrics, pairs,
      [&](std::size_t i, const PairScore& score) {
        judge(pairs[i], score, arguments, verdicts);
        if (!score.ok()) {
          ++failures.pairs;
          failures.lines.push_back(score.failure);
          return;
        }
        failures.incomplete += score.complete() ? 0 : 1;
        std::ranges::move(metric_failures(score, arguments.metrics),
                          std::back_inserter(failures.lines));
        printer.print(iqa_row(pairs[i], score, equivalents));
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
  if (arguments.scale) {
    throw InvalidArgument(
        "--scale is of images; the table of two videos says what means are like in any case");
  }
  std::optional<LinearDecoder> loaded;
  const LinearDecoder* decoder = choose_decoder(arguments, loaded);
  QualityVerdicts verdicts = verdicts_of(arguments);
  return compare_videos(
      {arguments.inputs[0], arguments.inputs[1], arguments.metrics, arguments.decoder,
       arguments.format, arguments.threads, arguments.quiet, arguments.video},
      decoder, verdicts);
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

/// Says what could not be scored.
void say_failures(const IqaFailures& failures, const PairList& list) {
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
}

/// Says of which metrics the scale that was asked for is not there.
void say_missing_scales(const IqaArguments& arguments) {
  for (const std::string& metric : arguments.metrics) {
    if (arguments.scale && !has_quality_scale(metric, arguments.decoder.empty())) {
      say("gradspace: {} has a scale with the built-in decoder only", metric);
    }
  }
}

int score_all_pairs(const IqaArguments& arguments) {
  std::optional<LinearDecoder> loaded;
  const LinearDecoder* decoder = choose_decoder(arguments, loaded);
  const PairList list = list_pairs(arguments);
  for (const std::string& remark : list.remarks) {
    say("gradspace: {}", remark);
  }
  if (list.pairs.empty() && list.unmatched.empty()) {
    throw InvalidArgument(fmt::format("{}: lists no pair of images", arguments.pairs));
  }
  say_missing_scales(arguments);
  QualityVerdicts verdicts = verdicts_of(arguments);
  const IqaFailures failures = score_and_print(list.pairs, decoder, arguments, verdicts);
  if (!arguments.map.empty() && !failures.any()) {
    draw_map(arguments, *decoder);
  }
  say_failures(failures, list);
  verdicts.add_unmatched(suite_name(arguments), list.unmatched);
  const bool met = verdicts.finish();
  if (failures.any() || !list.unmatched.empty()) {
    return kFailed;
  }
  return met ? kDone : kGateNotMet;
}

/// Whether a file lies in the folder of `--out`, which is made when there is something to write.
bool is_in_out(const std::string& file, const IqaArguments& arguments) {
  const auto as_folder = [](const fs::path& path) { return (path / "").lexically_normal(); };
  return !arguments.out.empty() &&
         as_folder(fs::path(file).parent_path()) == as_folder(arguments.out);
}

/// Images have no frames that could be left out or pooled.
void refuse_options_of_videos(const IqaArguments& arguments) {
  if (arguments.video.every != 1 || arguments.video.pooled) {
    throw InvalidArgument("--every and --pooled are of two videos, not of images");
  }
}

int iqa(const IqaArguments& arguments) {
  if (arguments.list) {
    return list_metrics(arguments);
  }
  if (!arguments.junit.empty() && !is_in_out(arguments.junit, arguments)) {
    check_target(arguments.junit);
  }
  if (arguments.single() && !arguments.compares_folders() &&
      are_videos(arguments.inputs[0], arguments.inputs[1])) {
    return iqa_of_videos(arguments);
  }
  refuse_options_of_videos(arguments);
  if (arguments.compares_folders()) {
    return compare_quality_of_folders(arguments);
  }
  refuse_inputs(arguments.junit, {arguments.pairs, arguments.decoder});
  refuse_inputs(arguments.junit, {arguments.inputs.begin(), arguments.inputs.end()});
  if (!arguments.map.empty()) {
    refuse_inputs(arguments.map,
                  {arguments.inputs.at(0), arguments.inputs.at(1), arguments.decoder});
    image_format_from_extension(arguments.map);
  }
  return score_all_pairs(arguments);
}

/// Options of comparisons of folders.
void declare_comparison(CLI::App& app, IqaArguments& a) {
  app.add_option(
      "--out", a.out,
      "Folder for scores.csv, results.json and report.html of the folders; continues after "
      "a stop");
  app.add_option(
         "--curve", a.curves,
         "NAME=FOLDER,FOLDER,...: folders that are one codec at several settings (default: by "
         "their names, as jpeg-q30 and jpeg-q50); may be given several times")
      ->allow_extra_args(false)
      ->check(parsed_by(parse_named_curve));
  app.add_option(
      "--anchor", a.anchor,
      "The codec that BD-rates are relative to (default: the first with several folders)");
  app.add_option_function<std::string>(
         "--interpolation",
         [&a](const std::string& text) { a.interpolation = parse_rate_interpolation(text); },
         "Of rates between a codec's settings, for BD-rates: pchip or cubic")
      ->default_str(std::string(name(a.interpolation)))
      ->check(one_of({"pchip", "cubic"}));
}

/// What can only be judged once all arguments are there.
void check_iqa(IqaArguments& a) {
  const bool enough = a.inputs.size() >= 2 || (a.inputs.size() == 1 && !a.curves.empty());
  if (!enough && a.pairs.empty() && !a.list) {
    throw CLI::RequiredError("Two images, a folder of references and others, or --pairs");
  }
  a.metrics = quality_metric_names(a.metrics);
  if (!a.map.empty() && !a.single()) {
    throw CLI::ValidationError("--map", "is drawn of one pair of images");
  }
  if (a.scale && a.compares_folders()) {
    throw CLI::ValidationError(
        "--scale", "is of pairs; tables of folders say what medians are like in any case");
  }
  if (a.compares_folders() && !a.pairs.empty()) {
    throw CLI::ValidationError("--pairs",
                               "is scored pair by pair; --out and --curve are of folders");
  }
  if (!a.anchor.empty() && !a.compares_folders()) {
    throw CLI::ValidationError("--anchor", "is one of several folders' codecs");
  }
  try {
    verdicts_of(a);
  } catch (const InvalidArgument& error) {
    throw CLI::ValidationError("--fail-below", error.what());
  }
}

std::function<int()> declare_iqa(CLI::App& app) {
  const auto arguments = std::make_shared<IqaArguments>();
  IqaArguments& a = *arguments;
  auto* inputs =
      app.add_option("inputs", a.inputs,
                     "Reference and distorted image or video; or a folder of references and one or "
                     "more folders whose images are paired with them by name");
  app.add_option("--pairs", a.pairs, "CSV with the columns reference and distorted")
      ->excludes(inputs);
  app.add_option("--metric", a.metrics, "Comma-separated: " + metric_list())
      ->delimiter(',')
      ->allow_extra_args(false)  // the images that may follow are none
      ->check(CLI::IsMember(metric_words()));
  app.add_flag("--list", a.list, "Print the metrics with their ranges, directions and sources")
      ->excludes(inputs);
  app.add_flag(
      "--scale", a.scale,
      "Also print what each score is equivalent to: the quality of JPEG that does as much damage "
      "to "
      "photographs, and how people grade it; tables say so of the first metric in any case");
  app.add_option("--decoder", a.decoder,
                 "Decoder of the learned scores: .safetensors, or the published MATLAB file "
                 "(default: the built-in one)");
  app.add_option("--map", a.map,
                 "Draw where the two images differ in gradient space into this file");
  app.add_option(
      "--fail-below", a.fail_below,
      "Exit with 3 where an image scores worse than this: lower, or higher where smaller is "
      "better; a number for the first metric, or by name: ssim=0.95,gmsd=0.1");
  app.add_option("--junit", a.junit,
                 "Write a JUnit file with a test case for each image, for build servers");
  declare_comparison(app, a);
  declare_video_options(app, a.video);
  declare_hidden(app, a.source);
  app.add_option("--format", a.format, "table, jsonl or csv")->check(output_format());
  app.add_option("--threads", a.threads, "Threads to use; 0 = all cores")->check(thread_count());
  app.add_flag("--quiet", a.quiet, "No progress");
  app.parse_complete_callback([&a] { check_iqa(a); });
  return [arguments] { return iqa(*arguments); };
}

}  // namespace

QualityVerdicts verdicts_of(const IqaArguments& arguments) {
  return {arguments.fail_below.empty()
              ? std::vector<QualityGate>()
              : parse_quality_gates(arguments.fail_below, arguments.metrics),
          arguments.metrics, arguments.junit};
}

std::string iqa_options_text(const IqaArguments& arguments) {
  return json_text(nlohmann::ordered_json{{"gradspace_version", kVersion},
                                          {"metrics", arguments.metrics},
                                          {"decoder", decoder_name(arguments.decoder)}});
}

Command iqa_command() {
  return {"iqa", "Score the quality of distorted images beside their references",
          "gradspace iqa reference.png distorted.jpg --metric gradient,unique,psnr,ssim",
          declare_iqa};
}

}  // namespace gradspace::cli
