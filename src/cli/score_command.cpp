// gradspace score: is this image one the model knows?
#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "cli/commands.h"
#include "cli/output_format.h"
#include "core/csv.h"
#include "core/hash.h"
#include "gradspace/backends.h"
#include "gradspace/error.h"
#include "gradspace/scorer.h"
#include "gradspace/source.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

/// Images scored before their lines are printed; a few engine groups for each thread.
constexpr std::size_t kChunk = 1024;
constexpr std::size_t kGrain = 32;

struct Arguments {
  std::string model;
  std::string detector;
  std::vector<std::string> inputs;
  std::string format = "table";
  std::string backend = "native";
  std::optional<double> threshold;
  std::optional<double> false_alarms;
  int threads = 0;
};

/// What became of one image.
struct Outcome {
  std::string path;
  ImageScore score;
  std::string failure;  ///< empty when it was scored
};

class Printer {
 public:
  Printer(OutputFormat format, const Arguments& arguments, double threshold) : format_(format) {
    const nlohmann::json options = {{"gradspace_version", kVersion},
                                    {"model", arguments.model},
                                    {"detector", arguments.detector},
                                    {"backend", arguments.backend},
                                    {"threshold", threshold}};
    switch (format_) {
      case OutputFormat::kTable:
        fmt::print("{:>9}  {:>10}  {:>9}  verdict  image\n", "P(ood)", "bce", "kld");
        break;
      case OutputFormat::kJsonLines:
        fmt::print("{}\n", nlohmann::json{{"options", options}}.dump());
        break;
      case OutputFormat::kCsv:
        fmt::print("# {}\npath,score,bce,kld,verdict\n", options.dump());
        break;
    }
  }

  void print(const Outcome& outcome) const {
    const ImageScore& score = outcome.score;
    const char* verdict = score.out_of_distribution ? "out" : "in";
    switch (format_) {
      case OutputFormat::kTable:
        fmt::print("{:9.6f}  {:10.3f}  {:9.3f}  {:7}  {}\n", score.score, score.bce, score.kld,
                   verdict, outcome.path);
        break;
      case OutputFormat::kJsonLines:
        fmt::print("{}\n", nlohmann::json{{"path", outcome.path},
                                          {"score", score.score},
                                          {"bce", score.bce},
                                          {"kld", score.kld},
                                          {"verdict", verdict}}
                               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
        break;
      case OutputFormat::kCsv:
        fmt::print("{},{},{},{},{}\n", csv_field(outcome.path), score.score, score.bce, score.kld,
                   verdict);
        break;
    }
  }

 private:
  OutputFormat format_;
};

using Load = std::function<Image(std::size_t)>;

class Scoring {
 public:
  Scoring(const Arguments& arguments, const Model& model, const Detector& detector)
      : printer_(parse_output_format(arguments.format), arguments, detector.threshold),
        scorers_([&arguments, &model, &detector] {
          return Scorer(make_gradient_backend({arguments.backend}, model, detector.columns),
                        detector, model.spec.input);
        }) {
    scorers_.local();  // what does not fit is said before the first image is read
  }

  /// Scores and prints one chunk in order; `outcomes` come with their paths set.
  void run(std::vector<Outcome>& outcomes, const Load& load) {
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, outcomes.size(), kGrain),
                      [&](const auto& range) {
                        score_range(std::span(outcomes).subspan(range.begin(), range.size()),
                                    range.begin(), load);
                      });
    for (Outcome& outcome : outcomes) {
      if (outcome.failure.empty()) {
        printer_.print(outcome);
      } else {
        failures_.push_back(std::move(outcome.failure));
      }
    }
    std::fflush(stdout);
  }

  /// Lists what failed; the exit status.
  int finish() const {
    for (const std::string& failure : failures_) {
      fmt::print(stderr, "gradspace: {}\n", failure);
    }
    if (!failures_.empty()) {
      fmt::print(stderr, "gradspace: {} images could not be scored\n", failures_.size());
    }
    return failures_.empty() ? 0 : 1;
  }

  void add_failure(std::string failure) { failures_.push_back(std::move(failure)); }

 private:
  /// One batch for the engine, which works on several images at once; `first` is the number of the
  /// first outcome.
  void score_range(std::span<Outcome> outcomes, std::size_t first, const Load& load) {
    std::vector<Image> images;
    std::vector<Outcome*> loaded;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      try {
        images.push_back(load(first + i));
        loaded.push_back(&outcomes[i]);
      } catch (const Error& error) {
        outcomes[i].failure = error.what();
      }
    }
    const std::vector<ImageScore> scores = scorers_.local().score(images);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      loaded[i]->score = scores[i];
    }
  }

  Printer printer_;
  tbb::enumerable_thread_specific<Scorer> scorers_;
  std::vector<std::string> failures_;
};

void score_source(Scoring& scoring, const std::string& path) {
  const std::unique_ptr<Source> source = open_source(path);
  const bool single = source->size() == 1 && !std::filesystem::is_directory(path);
  for (std::size_t first = 0; first < source->size(); first += kChunk) {
    std::vector<Outcome> outcomes(std::min(kChunk, source->size() - first));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      outcomes[i].path =
          single ? path : (std::filesystem::path(path) / source->info(first + i).path).string();
    }
    scoring.run(outcomes, [&](std::size_t i) { return source->load(first + i); });
  }
}

/// Paths from standard input, a line each; answers as they come, so that a camera can be at the
/// other end of the pipe.
void score_standard_input(Scoring& scoring) {
  std::vector<Outcome> outcomes;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (!line.empty()) {
      outcomes.push_back({line, {}, {}});
    }
    const bool more_at_hand = std::cin.rdbuf()->in_avail() > 0;
    if (outcomes.size() == kChunk || !more_at_hand) {
      scoring.run(outcomes, [&](std::size_t i) { return read_image(outcomes[i].path); });
      outcomes.clear();
    }
  }
}

int score(const Arguments& arguments) {
  const Model model = read_model(arguments.model);
  Detector detector = read_detector(arguments.detector);
  const std::string sha256 = sha256_hex_of_file(arguments.model);
  if (sha256 != detector.model_sha256) {
    throw InvalidArgument(
        fmt::format("{}: made for another model (SHA-256 {:.12}...) than {} ({:.12}...)",
                    arguments.detector, detector.model_sha256, arguments.model, sha256));
  }
  if (arguments.threshold) {
    detector.threshold = *arguments.threshold;
  } else if (arguments.false_alarms) {
    detector.threshold = calibrated_threshold(detector, *arguments.false_alarms);
  }
  std::optional<tbb::global_control> limit;
  if (arguments.threads > 0) {
    limit.emplace(tbb::global_control::max_allowed_parallelism,
                  static_cast<std::size_t>(arguments.threads));
  }
  std::ios::sync_with_stdio(false);
  Scoring scoring(arguments, model, detector);
  for (const std::string& input : arguments.inputs) {
    try {
      if (input == "-") {
        score_standard_input(scoring);
      } else {
        score_source(scoring, input);
      }
    } catch (const Error& error) {
      scoring.add_failure(error.what());
    }
  }
  return scoring.finish();
}

}  // namespace

Command score_command() {
  return {
      "score", "Score images: probability of being out of distribution, losses, verdict",
      "gradspace score --model model.safetensors --detector detector.safetensors photos/",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<Arguments>();
        Arguments& a = *arguments;
        app.add_option("--model", a.model, "Model file")->required();
        app.add_option("--detector", a.detector, "Detector file made for that model")->required();
        auto* threshold = app.add_option("--threshold", a.threshold,
                                         "Call images out over this probability "
                                         "(default: the detector's own threshold)");
        app.add_option("--false-alarms", a.false_alarms,
                       "Set the threshold for this rate on the detector's clean validation images")
            ->excludes(threshold);
        app.add_option("--format", a.format, "table, jsonl or csv")
            ->check(CLI::IsMember({"table", "jsonl", "csv"}));
        app.add_option("--backend", a.backend, "native or torch")
            ->check(CLI::IsMember({"native", "torch"}));
        app.add_option("--threads", a.threads, "Threads to use; 0 = all cores");
        app.add_option("inputs", a.inputs, "Images, folders, or - for paths on standard input")
            ->required();
        return [arguments] { return score(*arguments); };
      }};
}

}  // namespace gradspace::cli
