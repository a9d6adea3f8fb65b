#include "cli/iqa_video.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <system_error>

#include "cli/command_line.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/printer.h"
#include "cli/progress.h"
#include "cli/quality_words.h"
#include "gradspace/error.h"
#include "gradspace/quality_scale.h"
#include "gradspace/score_video.h"
#include "gradspace/version.h"
#include "gradspace/video.h"

namespace gradspace::cli {
namespace {

/// Frames after which their lines are flushed.
constexpr std::uint64_t kFlushedFrames = 256;

/// What a metric said of the frames so far.
struct MetricOfVideo {
  std::string name;
  const QualityMetricInfo* info;
  ScorePool pool;
  std::uint64_t refused = 0;  ///< frames without a value
  std::string first_refusal = {};
};

std::string options_text(const VideoComparison& comparison) {
  return json_text(nlohmann::ordered_json{{"gradspace_version", kVersion},
                                          {"metrics", comparison.metrics},
                                          {"decoder", decoder_name(comparison.decoder)},
                                          {"reference", comparison.reference},
                                          {"distorted", comparison.distorted},
                                          {"every", comparison.video.every}});
}

PrinterLayout frame_layout(const VideoComparison& comparison) {
  PrinterLayout layout;
  layout.columns = {{"frame", "frame", 8}};
  for (const std::string& metric : comparison.metrics) {
    layout.columns.push_back({metric, metric, 10, "{:.6f}"});
  }
  layout.options = options_text(comparison);
  layout.options_in_json_lines = false;
  return layout;
}

/// Tables, which are for people, do.
bool says_what_means_are_like(const VideoComparison& comparison) {
  return parse_output_format(comparison.format) == OutputFormat::kTable;
}

PrinterLayout pool_layout(const VideoComparison& comparison) {
  PrinterLayout layout;
  layout.columns = {{"metric", "metric", -11},
                    {"frames", "frames", 8},
                    {"mean", "mean", 12, "{:.6f}"},
                    {"harmonic_mean", "harmonic mean", 13, "{:.6f}"},
                    {"minimum", "minimum", 12, "{:.6f}"},
                    {"maximum", "maximum", 12, "{:.6f}"},
                    {"worst_frame", "worst frame", 11}};
  if (says_what_means_are_like(comparison)) {
    layout.columns.push_back({"mean_equivalent", "mean is like"});
  }
  layout.options = options_text(comparison);
  layout.options_in_json_lines = false;
  return layout;
}

/// What the mean is like, where there is a scale for it.
Cell equivalent_cell(const VideoComparison& comparison, const MetricOfVideo& metric, double mean) {
  if (!has_quality_scale(metric.name, comparison.decoder.empty())) {
    return {};
  }
  const auto equivalent = quality_equivalent(metric.name, mean);
  return equivalent ? Cell(equivalent_text(*equivalent)) : Cell();
}

std::vector<Cell> pool_row(const VideoComparison& comparison, const MetricOfVideo& metric) {
  const std::optional<PooledScore> pooled = metric.pool.pooled();
  std::vector<Cell> row{metric.name, std::uint64_t{0}, {}, {}, {}, {}, {}};
  if (pooled) {
    row = {metric.name,        std::uint64_t{pooled->frames},
           pooled->mean,       pooled->harmonic_mean ? Cell(*pooled->harmonic_mean) : Cell(),
           pooled->minimum,    pooled->maximum,
           pooled->worst_frame};
  }
  if (says_what_means_are_like(comparison)) {
    row.push_back(pooled ? equivalent_cell(comparison, metric, pooled->mean) : Cell());
  }
  return row;
}

void take_frame(const FrameScore& frame, std::vector<MetricOfVideo>& metrics) {
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const bool scored = frame.score.ok();
    if (scored && frame.score.scores[i].value) {
      metrics[i].pool.add(frame.frame, *frame.score.scores[i].value);
    } else if (metrics[i].refused++ == 0) {
      metrics[i].first_refusal = scored ? frame.score.scores[i].failure : frame.score.failure;
    }
  }
}

std::vector<Cell> frame_row(const FrameScore& frame, std::size_t metrics) {
  std::vector<Cell> row{frame.frame};
  for (std::size_t i = 0; i < metrics; ++i) {
    const bool has_value = frame.score.ok() && frame.score.scores[i].value;
    row.push_back(has_value ? Cell(*frame.score.scores[i].value) : Cell());
  }
  return row;
}

/// Holds the means against what was demanded.
bool passes_gates(const VideoComparison& comparison, const std::vector<MetricOfVideo>& metrics,
                  std::vector<std::string> errors, QualityVerdicts& verdicts) {
  std::vector<std::optional<double>> means;
  for (const MetricOfVideo& metric : metrics) {
    const std::optional<PooledScore> pooled = metric.pool.pooled();
    means.push_back(pooled ? std::optional(pooled->mean) : std::nullopt);
  }
  verdicts.judge({comparison.reference, comparison.distorted,
                  fmt::format("{}, mean of its frames", comparison.distorted), means,
                  std::move(errors)});
  return verdicts.finish();
}

/// What went wrong, a line each.
std::vector<std::string> failures_of(const VideoComparison& comparison,
                                     const VideoScoreResult& result,
                                     const std::vector<MetricOfVideo>& metrics) {
  std::vector<std::string> failures;
  for (const std::string& line : {result.failure, result.remark}) {
    if (!line.empty()) {
      failures.push_back(line);
    }
  }
  if (result.frames == 0 && result.failure.empty()) {
    failures.push_back(fmt::format("{}: no frame to compare", comparison.distorted));
  }
  for (const MetricOfVideo& metric : metrics) {
    if (metric.refused > 0) {
      failures.push_back(fmt::format("{}: no score for {} of {} frames, the first: {}", metric.name,
                                     metric.refused, result.frames, metric.first_refusal));
    }
  }
  return failures;
}

int exit_status(const VideoComparison& comparison, const VideoScoreResult& result,
                const std::vector<MetricOfVideo>& metrics, QualityVerdicts& verdicts) {
  const std::vector<std::string> failures = failures_of(comparison, result, metrics);
  for (const std::string& line : failures) {
    say("gradspace: {}", line);
  }
  const bool passes = passes_gates(comparison, metrics, failures, verdicts);
  return !failures.empty() ? kFailed : passes ? kDone : kGateNotMet;
}

}  // namespace

void declare_video_options(CLI::App& app, VideoOptions& options) {
  app.add_option("--every", options.every, "Of videos, compare each n-th frame alone")
      ->check(whole_number(1, 1'000'000));
  app.add_flag(
      "--pooled", options.pooled,
      "Of videos, print mean, harmonic mean, minimum and maximum as the table does, and no "
      "frames, in jsonl or csv, too");
}

bool are_videos(const std::string& reference, const std::string& distorted) {
  const auto is_pipe = [](const std::string& path) {
    std::error_code unknown;
    return std::filesystem::is_fifo(path, unknown);
  };
  const bool ours = is_video(reference);
  const bool theirs = is_video(distorted);
  if (ours != theirs && !is_pipe(ours ? distorted : reference)) {
    throw InvalidArgument(
        fmt::format("{} is a video, but {} is none; give two images or two videos",
                    ours ? reference : distorted, ours ? distorted : reference));
  }
  return ours || theirs;
}

int compare_videos(const VideoComparison& comparison, const LinearDecoder* decoder,
                   QualityVerdicts& verdicts) {
  const OutputFormat format = parse_output_format(comparison.format);
  const bool pooled = comparison.video.pooled || format == OutputFormat::kTable;
  std::vector<MetricOfVideo> metrics;
  for (const std::string& name : comparison.metrics) {
    const QualityMetricInfo& info = quality_metric_info(name);
    metrics.push_back({name, &info, ScorePool(info)});
  }
  VideoScoreResult result;
  {
    std::optional<Printer> frames;
    Progress progress("iqa", "frames", comparison.quiet);
    JobObserver observer;
    observer.on_progress = [&](std::size_t done, std::size_t total) {
      progress.update(done, total);
    };
    observer.on_remark = [&](std::string_view line) {
      progress.say(fmt::format("gradspace: {}", line));
    };
    ScoreVideoOptions options;
    options.threads = comparison.threads;
    options.every = comparison.video.every;
    result = score_video(
        make_quality_metrics(comparison.metrics, decoder), comparison.reference,
        comparison.distorted,
        [&](const FrameScore& frame) {
          take_frame(frame, metrics);
          if (pooled) {
            return;
          }
          if (!frames) {
            frames.emplace(format, frame_layout(comparison));
          }
          frames->print(frame_row(frame, metrics.size()));
          if (frame.frame % kFlushedFrames == kFlushedFrames - 1) {
            flush_results();
          }
        },
        options, observer);
  }
  if (pooled && result.frames > 0) {
    const Printer printer(format, pool_layout(comparison));
    for (const MetricOfVideo& metric : metrics) {
      printer.print(pool_row(comparison, metric));
    }
  }
  flush_results();
  return exit_status(comparison, result, metrics, verdicts);
}

}  // namespace gradspace::cli
