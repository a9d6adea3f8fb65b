// gradspace iqa: how good does a distorted image look beside its reference?
#include <fmt/format.h>
#include <tbb/global_control.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/output_format.h"
#include "cli/progress.h"
#include "core/csv.h"
#include "gradspace/error.h"
#include "gradspace/version.h"
#include "jobs/iqa_batch.h"

namespace gradspace::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Pairs scored before their lines are printed.
constexpr std::size_t kChunk = 256;

struct Arguments {
  std::vector<std::string> inputs;
  std::string pairs;
  std::vector<std::string> metrics{"gradient"};
  std::string decoder;
  std::string map;
  std::string format = "table";
  int threads = 0;
  bool quiet = false;

  bool single() const {
    return inputs.size() == 2 && !fs::is_directory(inputs[0]) && !fs::is_directory(inputs[1]);
  }
};

bool uses_decoder(const std::string& metric) {
  const auto all = all_quality_metrics();
  return std::any_of(all.begin(), all.end(), [&](const QualityMetricInfo& info) {
    return info.name == metric && info.uses_decoder;
  });
}

class Printer {
 public:
  explicit Printer(const Arguments& arguments)
      : metrics_(arguments.metrics), format_(parse_output_format(arguments.format)) {
    if (format_ == OutputFormat::kTable) {
      for (const std::string& metric : metrics_) {
        fmt::print("{:>10}  ", metric);
      }
      fmt::print("reference, distorted\n");
    } else if (format_ == OutputFormat::kCsv) {
      const Json options = {{"gradspace_version", kVersion},
                            {"metrics", metrics_},
                            {"decoder", arguments.decoder.empty() ? "shipped" : arguments.decoder}};
      fmt::print("# {}\nreference,distorted", dump(options));
      for (const std::string& metric : metrics_) {
        fmt::print(",{}", metric);
      }
      fmt::print("\n");
    }
  }

  void print(const ImagePair& pair, const std::vector<double>& scores) const {
    const std::string reference = pair.reference.string();
    const std::string distorted = pair.distorted.string();
    switch (format_) {
      case OutputFormat::kTable:
        for (const double score : scores) {
          fmt::print("{:10.6f}  ", score);
        }
        fmt::print("{}, {}\n", reference, distorted);
        break;
      case OutputFormat::kJsonLines: {
        Json line = {{"reference", reference}, {"distorted", distorted}};
        for (std::size_t i = 0; i < scores.size(); ++i) {
          line[metrics_[i]] = std::isfinite(scores[i]) ? Json(scores[i]) : Json();
        }
        fmt::print("{}\n", dump(line));
        break;
      }
      case OutputFormat::kCsv:
        fmt::print("{},{}", csv_field(reference), csv_field(distorted));
        for (const double score : scores) {
          fmt::print(",{}", score);
        }
        fmt::print("\n");
        break;
    }
  }

 private:
  static std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  std::vector<std::string> metrics_;
  OutputFormat format_;
};

/// The decoder, where something wants one.
const LinearDecoder* choose_decoder(const Arguments& arguments,
                                    std::optional<LinearDecoder>& loaded) {
  const bool wanted = !arguments.map.empty() ||
                      std::any_of(arguments.metrics.begin(), arguments.metrics.end(), uses_decoder);
  if (!arguments.decoder.empty()) {
    return &loaded.emplace(load_decoder(arguments.decoder));
  }
  return wanted ? &shipped_decoder() : nullptr;
}

IqaBatch make_batch(const std::vector<std::string>& metrics, const LinearDecoder* decoder) {
  std::vector<std::unique_ptr<QualityMetric>> made;
  for (const std::string& metric : metrics) {
    made.push_back(decoder == nullptr ? make_quality_metric(metric)
                                      : make_quality_metric(metric, *decoder));
  }
  return IqaBatch(std::move(made));
}

PairList list_pairs(const Arguments& arguments) {
  if (!arguments.pairs.empty()) {
    return pairs_of_csv(arguments.pairs);
  }
  if (arguments.single()) {
    return {{{arguments.inputs[0], arguments.inputs[1]}}, {}};
  }
  for (const std::string& input : arguments.inputs) {
    if (!fs::is_directory(input)) {
      throw InvalidArgument(fmt::format(
          "{}: not a folder, as the other one is; give two images or two folders", input));
    }
  }
  return pairs_of_folders(arguments.inputs[0], arguments.inputs[1]);
}

/// Scores and prints all pairs; adds what failed to `failures`.
void score_pairs(const std::vector<ImagePair>& pairs, const IqaBatch& batch, const Printer& printer,
                 bool quiet, std::vector<std::string>& failures) {
  Progress progress("iqa", "pairs", quiet || pairs.size() < 2);
  std::atomic<std::size_t> done = 0;
  for (std::size_t first = 0; first < pairs.size(); first += kChunk) {
    const auto chunk = std::span(pairs).subspan(first, std::min(kChunk, pairs.size() - first));
    const std::vector<PairScore> scores =
        batch.score(chunk, [&] { progress.update(++done, pairs.size()); });
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      if (scores[i].failure.empty()) {
        printer.print(chunk[i], scores[i].scores);
      } else {
        failures.push_back(scores[i].failure);
      }
    }
    std::fflush(stdout);
  }
}

void draw_map(const Arguments& arguments, const LinearDecoder& decoder) {
  const QualityImage reference(read_image(arguments.inputs[0]), arguments.inputs[0]);
  const QualityImage distorted(read_image(arguments.inputs[1]), arguments.inputs[1]);
  write_image(arguments.map,
              draw_gradient_map(reference, gradient_map(reference, distorted, decoder)));
}

int iqa(const Arguments& arguments) {
  if (!arguments.map.empty()) {
    image_format_from_extension(arguments.map);
  }
  std::optional<tbb::global_control> limit;
  if (arguments.threads > 0) {
    limit.emplace(tbb::global_control::max_allowed_parallelism,
                  static_cast<std::size_t>(arguments.threads));
  }
  std::optional<LinearDecoder> loaded;
  const LinearDecoder* decoder = choose_decoder(arguments, loaded);
  const PairList list = list_pairs(arguments);
  const IqaBatch batch = make_batch(arguments.metrics, decoder);
  std::vector<std::string> failures;
  score_pairs(list.pairs, batch, Printer(arguments), arguments.quiet, failures);
  if (!arguments.map.empty() && failures.empty()) {
    draw_map(arguments, *decoder);
  }
  for (const std::string& failure : failures) {
    fmt::print(stderr, "gradspace: {}\n", failure);
  }
  for (const std::string& image : list.unmatched) {
    fmt::print(stderr, "gradspace: {}\n", image);
  }
  if (list.pairs.size() > 1 && failures.size() + list.unmatched.size() > 0) {
    fmt::print(stderr, "gradspace: {} of {} pairs could not be scored; {} images have no partner\n",
               failures.size(), list.pairs.size(), list.unmatched.size());
  }
  return failures.empty() && list.unmatched.empty() ? kDone : kFailed;
}

/// "gradient: ..., unique: ...", for --help.
std::string metric_help() {
  std::string text = "Comma-separated:";
  for (const QualityMetricInfo& info : all_quality_metrics()) {
    text += fmt::format(" {} ({}),", info.name, info.summary);
  }
  text.pop_back();
  return text;
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const QualityMetricInfo& info : all_quality_metrics()) {
    names.emplace_back(info.name);
  }
  return names;
}

std::function<int()> declare(CLI::App& app) {
  const auto arguments = std::make_shared<Arguments>();
  Arguments& a = *arguments;
  auto* inputs = app.add_option("inputs", a.inputs,
                                "Reference and distorted image, or two folders whose images are "
                                "paired by name")
                     ->expected(2);
  app.add_option("--pairs", a.pairs, "CSV with the columns reference and distorted")
      ->excludes(inputs);
  app.add_option("--metric", a.metrics, metric_help())
      ->delimiter(',')
      ->allow_extra_args(false)  // the images that may follow are none
      ->check(CLI::IsMember(metric_names()));
  app.add_option("--decoder", a.decoder,
                 "Decoder of the learned scores: .safetensors, or the published MATLAB file "
                 "(default: the built-in one)");
  app.add_option("--map", a.map,
                 "Draw where the two images differ in gradient space into this file");
  app.add_option("--format", a.format, "table, jsonl or csv")
      ->check(CLI::IsMember({"table", "jsonl", "csv"}));
  app.add_option("--threads", a.threads, "Threads to use; 0 = all cores")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--quiet", a.quiet, "No progress");
  app.parse_complete_callback([&a] {
    if (a.inputs.empty() && a.pairs.empty()) {
      throw CLI::RequiredError("Two images, two folders, or --pairs");
    }
    if (!a.map.empty() && !a.single()) {
      throw CLI::ValidationError("--map", "is drawn of one pair of images");
    }
  });
  return [arguments] { return iqa(*arguments); };
}

}  // namespace

Command iqa_command() {
  return {"iqa", "Score the quality of distorted images beside their references",
          "gradspace iqa reference.png distorted.jpg --metric gradient,unique,psnr,ssim", declare};
}

}  // namespace gradspace::cli
