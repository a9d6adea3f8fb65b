// gradspace iqa REFERENCES FOLDER...: how good is what several codecs made of the same images?
#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/iqa_arguments.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "gradspace/error.h"
#include "gradspace/report.h"

namespace gradspace::cli {
namespace {

namespace fs = std::filesystem;

CompareFoldersOptions options_of(const IqaArguments& arguments) {
  CompareFoldersOptions options;
  options.references = arguments.inputs.at(0);
  options.folders.assign(arguments.inputs.begin() + 1, arguments.inputs.end());
  options.metrics = arguments.metrics;
  options.decoder = arguments.decoder;
  options.source = arguments.source;
  for (const std::string& curve : arguments.curves) {
    options.curves.push_back(parse_named_curve(curve));
  }
  options.anchor = arguments.anchor;
  options.interpolation = arguments.interpolation;
  options.out = arguments.out;
  options.threads = arguments.threads;
  return options;
}

/// Nothing that is read may be written over.
void refuse_targets(const IqaArguments& arguments, const CompareFoldersOptions& options) {
  std::vector<fs::path> inputs = options.folders;
  inputs.push_back(options.references);
  inputs.push_back(options.decoder);
  for (const NamedCurve& curve : options.curves) {
    inputs.insert(inputs.end(), curve.folders.begin(), curve.folders.end());
  }
  if (!arguments.out.empty()) {
    for (const char* file : {"", "scores.csv", "results.json", "report.html"}) {
      refuse_inputs(*file == '\0' ? options.out : options.out / file, inputs);
    }
  }
  refuse_inputs(arguments.junit, inputs);
}

/// Rows after which they are flushed.
constexpr std::size_t kFlushedRows = 256;

/// Rows for programs; a table for people comes at the end, when there is something to sum up.
std::optional<Printer> row_printer(const IqaArguments& arguments) {
  const OutputFormat format = parse_output_format(arguments.format);
  if (format == OutputFormat::kTable) {
    return std::nullopt;
  }
  PrinterLayout layout;
  layout.columns = {{"folder", "folder"},
                    {"reference", "reference"},
                    {"distorted", "distorted"},
                    {"bytes", "bytes"},
                    {"bpp", "bpp"}};
  for (const std::string& metric : arguments.metrics) {
    layout.columns.push_back({metric, metric});
  }
  layout.options = iqa_options_text(arguments);
  layout.options_in_json_lines = false;
  return Printer(format, layout);
}

std::vector<Cell> row_of(const ComparedFolder& folder, const ComparedPair& pair) {
  std::vector<Cell> row{folder.name, pair.reference, pair.distorted, pair.bytes,
                        pair.bits_per_pixel};
  for (const std::optional<double>& score : pair.scores) {
    row.push_back(score ? Cell(*score) : Cell());
  }
  return row;
}

/// Scores all pairs, prints the rows and judges them.
FolderComparison compare(const IqaArguments& arguments, const CompareFoldersOptions& options,
                         QualityVerdicts& verdicts) {
  const std::optional<Printer> printer = row_printer(arguments);
  Progress progress("iqa", "images", arguments.quiet);
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  const auto say_line = [&](std::string_view line) {
    const std::string text = fmt::format("gradspace: {}", line);
    if (arguments.quiet) {
      say("{}", text);
    } else {
      progress.say(text);
    }
  };
  observer.on_failure = say_line;
  observer.on_remark = say_line;
  observer.stop_requested = [] { return InterruptGuard::requested(); };
  const auto on_pair = [&](const FolderComparison& so_far, const ComparedPair& pair) {
    const ComparedFolder& folder = so_far.folders[pair.folder];
    if (printer && pair.scored()) {
      printer->print(row_of(folder, pair));
      if (so_far.pairs.size() % kFlushedRows == 0) {
        flush_results();
      }
    }
    verdicts.judge({folder.name, pair.distorted, (folder.path / pair.distorted).string(),
                    pair.scores, pair.failures});
  };
  FolderComparison comparison = compare_folders(options, on_pair, observer);
  for (const ComparedFolder& folder : comparison.folders) {
    verdicts.add_unmatched(folder.name, folder.unmatched);
  }
  return comparison;
}

/// True when everything could be scored; else says how much could not.
bool complete(const FolderComparison& comparison) {
  if (comparison.failed() + comparison.unmatched() > 0) {
    say("gradspace: {} of {} pairs could not be scored; {} images or folders have no partner",
        comparison.failed(), comparison.pairs.size(), comparison.unmatched());
  }
  if (comparison.incomplete() > 0) {
    say("gradspace: {} of {} pairs lack the score of a metric", comparison.incomplete(),
        comparison.pairs.size());
  }
  return comparison.failed() + comparison.unmatched() + comparison.incomplete() == 0;
}

}  // namespace

NamedCurve parse_named_curve(const std::string& text) {
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0) {
    throw InvalidArgument(fmt::format("'{}' is not NAME=FOLDER,FOLDER,...", text));
  }
  NamedCurve curve{text.substr(0, sign), {}};
  std::string_view rest = std::string_view(text).substr(sign + 1);
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    const std::string_view folder = rest.substr(0, comma);
    if (folder.empty()) {
      throw InvalidArgument(fmt::format("'{}' has an empty folder", text));
    }
    curve.folders.emplace_back(folder);
    rest.remove_prefix(more ? comma + 1 : 0);
  }
  return curve;
}

int compare_quality_of_folders(const IqaArguments& arguments) {
  const CompareFoldersOptions options = options_of(arguments);
  check_usage([&] { options.validate(); });
  refuse_targets(arguments, options);
  QualityVerdicts verdicts = verdicts_of(arguments);
  std::optional<InterruptGuard> guard;
  if (!arguments.out.empty()) {
    guard.emplace("gradspace: interrupted; the same command continues\n");
  }
  const FolderComparison comparison = compare(arguments, options, verdicts);
  flush_results();
  if (comparison.stopped) {
    say("gradspace: interrupted with {} pairs scored; the same command continues",
        comparison.pairs.size());
    return InterruptGuard::exit_status();
  }
  if (parse_output_format(arguments.format) == OutputFormat::kTable) {
    print_table(folder_comparison_table(comparison));
    flush_results();
  }
  if (!arguments.out.empty() && comparison.any_scored() && can_write_report()) {
    say("gradspace: {} shows it", write_report(options.out).string());
  }
  const bool whole = complete(comparison);
  const bool met = verdicts.finish();
  if (!whole) {
    return kFailed;
  }
  return met ? kDone : kGateNotMet;
}

}  // namespace gradspace::cli
