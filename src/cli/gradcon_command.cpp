// gradspace gradcon: one-class detection by aligned gradients: train, score, benchmark.
#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output_target.h"
#include "cli/printer.h"
#include "cli/progress.h"
#include "cli/training_images.h"
#include "gradspace/error.h"
#include "gradspace/gradcon.h"
#include "gradspace/gradcon_benchmark.h"
#include "gradspace/source.h"
#include "gradspace/threads.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

/// What `work` returns, done on so many threads; 0 = all cores.
int on_threads(int threads, const std::function<int()>& work) {
  int status = kFailed;
  run_with_threads(threads, [&] { status = work(); });
  return status;
}

void declare_training(CLI::App& app, GradConOptions& options) {
  app.add_option("--epochs", options.epochs, "Passes over the images");
  app.add_option("--batch", options.batch, "Images a step");
  app.add_option("--lr", options.learning_rate, "Adam's learning rate");
  app.add_option("--alignment", options.alignment, "Weight of the alignment term in the loss");
  app.add_option("--kld-weight", options.kld_weight, "Weight of a variational autoencoder's KLD");
  app.add_flag_callback(
      "--mean-of-error", [&options] { options.mean_of_loss = false; },
      "Mean gradients of the reconstruction error alone, as in the paper's text");
  app.add_option("--seed", options.seed, "Initialisation, order of images, noise, split");
}

/// What training reports, on a progress line.
GradConObserver training_observer(Progress& progress) {
  GradConObserver observer;
  observer.stop_requested = [] { return InterruptGuard::requested(); };
  observer.on_step = [&progress](const TrainProgress& p) {
    progress.update(p.images_done, p.images_total,
                    fmt::format("epoch {}/{}, loss {:.5f}", p.epoch, p.epochs, p.loss));
  };
  return observer;
}

struct TrainArguments {
  TrainingSources sources;
  std::string spec;
  std::filesystem::path out;
  int latent = 0;
  int channels = 1;
  int threads = 0;
  bool quiet = false;
  GradConOptions options;
};

int train(TrainArguments arguments) {
  arguments.sources.seed = arguments.options.seed;
  arguments.options.checkpoint = arguments.out;
  arguments.options.checkpoint += ".checkpoint";
  arguments.options.validate();
  check_target(arguments.out);
  const AutoencoderSpec spec = arguments.spec.empty()
                                   ? gradcon_autoencoder(arguments.channels, arguments.latent)
                                   : read_autoencoder_spec(arguments.spec);
  const TrainingImages images =
      load_training_images(arguments.sources, spec.input, arguments.quiet);
  const InterruptGuard guard;
  GradConTrainResult result;
  {
    Progress progress("train", "images", arguments.quiet);
    result = train_gradcon(spec, *images.train, *images.validation, arguments.options,
                           training_observer(progress));
  }
  if (result.best_epoch == 0) {
    fmt::print(stderr, "gradspace: stopped before the first epoch was done: nothing is written\n");
    return kFailed;
  }
  write_gradcon(arguments.out, result.detector);
  const GradConEpoch& best = result.epochs[static_cast<std::size_t>(result.best_epoch) - 1];
  fmt::print("{}: best epoch {} of {}, validation loss {:.6f} (error {:.6f}, cosine {:.4f})\n",
             arguments.out.string(), best.epoch, result.epochs.size(), best.validation_loss,
             best.validation_error, best.validation_cosine);
  leave_checkpoint(result.stopped, arguments.options.checkpoint);
  return kDone;
}

std::function<int()> declare_train(CLI::App& app) {
  const auto arguments = std::make_shared<TrainArguments>();
  TrainArguments& a = *arguments;
  app.add_option("--data", a.sources.data, "Images to train on")->required();
  app.add_option("--val", a.sources.validation,
                 "Images to validate on; else a tree's clean val set, or a tenth of --data");
  app.add_option("--source", a.sources.kind, "auto, cure-tsr, folder, idx, or cifar10");
  app.add_option("--class", a.sources.object_class, "Images of this class alone");
  app.add_option("--out", a.out, "File to write; the checkpoint lies beside it")->required();
  app.add_option("--channels", a.channels, "1 (grey) or 3 (RGB)")->check(CLI::IsMember({1, 3}));
  app.add_option("--latent", a.latent,
                 "Latent variables; over 0 the autoencoder is variational (the paper's: 576)");
  app.add_option("--spec", a.spec, "Description of another autoencoder (JSON)");
  declare_training(app, a.options);
  app.add_flag("--resume", a.options.resume, "Go on from the checkpoint, where there is one");
  app.add_option("--logdir", a.options.log_folder, "Folder for TensorBoard event files");
  app.add_option("--threads", a.threads, "Threads to use; 0 = all cores");
  app.add_flag("--quiet", a.quiet, "No progress");
  return [arguments] { return on_threads(arguments->threads, [&] { return train(*arguments); }); };
}

struct ScoreArguments {
  std::string model;
  std::vector<std::string> inputs;
  std::string format = "table";
  double gradient_weight = GradConScorer::kGradientWeight;
  std::optional<double> threshold;
  double false_alarms = 0.05;
  int threads = 0;
};

struct Outcome {
  std::string path;
  GradConScore score;
  std::string failure;  ///< empty when it was scored
};

PrinterLayout layout_for(const ScoreArguments& arguments, double threshold) {
  const nlohmann::json options = {{"gradspace_version", kVersion},
                                  {"model", arguments.model},
                                  {"gradient_weight", arguments.gradient_weight},
                                  {"threshold", threshold}};
  return {{{"path", "image"},
           {"score", "score", 10, "{:.6f}"},
           {"error", "error", 10, "{:.6f}"},
           {"cosine", "cosine", 8, "{:.4f}"},
           {"verdict", "verdict", -7}},
          options.dump()};
}

using Scorers = tbb::enumerable_thread_specific<GradConScorer>;

/// Images [first, first + outcomes.size()) of `source`, a batch a task.
void score_chunk(const Source& source, std::size_t first, Scorers& scorers,
                 std::vector<Outcome>& outcomes) {
  constexpr std::size_t kGrain = 32;
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, outcomes.size(), kGrain),
                    [&](const auto& range) {
                      std::vector<Image> images;
                      std::vector<Outcome*> loaded;
                      for (std::size_t i = range.begin(); i < range.end(); ++i) {
                        try {
                          images.push_back(source.load(first + i));
                          loaded.push_back(&outcomes[i]);
                        } catch (const Error& error) {
                          outcomes[i].failure = error.what();
                        }
                      }
                      const std::vector<GradConScore> scores = scorers.local().score(images);
                      for (std::size_t i = 0; i < scores.size(); ++i) {
                        loaded[i]->score = scores[i];
                      }
                    });
}

/// Prints the scores of a file's or folder's images. Returns how many failed.
std::size_t score_source(const std::string& path, Scorers& scorers, const Printer& printer,
                         double threshold) {
  constexpr std::size_t kChunk = 1024;
  const std::unique_ptr<Source> source = open_source(path);
  const bool single = source->size() == 1 && !std::filesystem::is_directory(path);
  std::size_t failures = 0;
  for (std::size_t first = 0; first < source->size(); first += kChunk) {
    std::vector<Outcome> outcomes(std::min(kChunk, source->size() - first));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      outcomes[i].path =
          single ? path : (std::filesystem::path(path) / source->info(first + i).path).string();
    }
    score_chunk(*source, first, scorers, outcomes);
    for (const Outcome& outcome : outcomes) {
      if (outcome.failure.empty()) {
        const GradConScore& score = outcome.score;
        printer.print({outcome.path, score.score, score.error, score.cosine,
                       score.score > threshold ? "out" : "in"});
      } else {
        ++failures;
        fmt::print(stderr, "gradspace: {}\n", outcome.failure);
      }
    }
    std::fflush(stdout);
  }
  return failures;
}

int score(const ScoreArguments& arguments) {
  const GradConDetector detector = read_gradcon(arguments.model);
  const double threshold =
      arguments.threshold
          ? *arguments.threshold
          : calibrated_threshold(detector, arguments.false_alarms, arguments.gradient_weight);
  Scorers scorers([&] { return GradConScorer(detector, arguments.gradient_weight); });
  scorers.local();  // what does not fit is said before the first image is read
  const Printer printer(parse_output_format(arguments.format), layout_for(arguments, threshold));
  std::size_t failures = 0;
  for (const std::string& input : arguments.inputs) {
    try {
      failures += score_source(input, scorers, printer, threshold);
    } catch (const Error& error) {
      ++failures;
      fmt::print(stderr, "gradspace: {}\n", error.what());
    }
  }
  return failures == 0 ? kDone : kFailed;
}

std::function<int()> declare_score(CLI::App& app) {
  const auto arguments = std::make_shared<ScoreArguments>();
  ScoreArguments& a = *arguments;
  app.add_option("--model", a.model, "File that gradcon train wrote")->required();
  app.add_option("--gradient-weight", a.gradient_weight, "Weight of the gradient in the score");
  auto* threshold = app.add_option("--threshold", a.threshold, "Call images out over this score");
  app.add_option("--false-alarms", a.false_alarms,
                 "Else set the threshold for this rate on the clean validation images")
      ->excludes(threshold);
  app.add_option("--format", a.format, "table, jsonl or csv")
      ->check(CLI::IsMember({"table", "jsonl", "csv"}));
  app.add_option("--threads", a.threads, "Threads to use; 0 = all cores");
  app.add_option("inputs", a.inputs, "Images, folders, or other sources")->required();
  return [arguments] { return on_threads(arguments->threads, [&] { return score(*arguments); }); };
}

struct BenchmarkArguments {
  GradConBenchmarkOptions options;
  std::string source = "auto";
  int threads = 0;
  bool quiet = false;
};

int benchmark(BenchmarkArguments arguments) {
  arguments.options.source = parse_source_kind(arguments.source);
  arguments.options.command_line = present_command_line();
  const InterruptGuard guard;
  std::unique_ptr<Progress> progress;
  std::string present_class;
  GradConBenchmarkObserver observer;
  observer.on_class = [&](int label, int run) {
    progress.reset();
    present_class = fmt::format("class {} run {}", label, run);
  };
  bool failed = false;
  observer.on_failure = [&](std::string_view reason) {
    failed = true;
    progress.reset();
    fmt::print(stderr, "gradspace: {}\n", reason);
  };
  observer.training.stop_requested = [] { return InterruptGuard::requested(); };
  observer.training.on_step = [&](const TrainProgress& p) {
    if (!progress) {
      progress = std::make_unique<Progress>(present_class, "images", arguments.quiet);
    }
    progress->update(p.images_done, p.images_total,
                     fmt::format("epoch {}/{}, loss {:.5f}", p.epoch, p.epochs, p.loss));
  };
  const GradConBenchmarkResult result = run_gradcon_benchmark(arguments.options, observer);
  progress.reset();
  if (!result.rows.empty()) {
    fmt::print("AUROC\n{}", gradcon_benchmark_table(result.rows));
  }
  if (!result.report.empty()) {
    fmt::print(stderr, "gradspace: {} shows it\n", result.report.string());
  }
  if (result.stopped) {
    fmt::print(stderr, "gradspace: stopped; the same command continues\n");
    return kFailed;
  }
  return failed ? kFailed : kDone;
}

std::function<int()> declare_benchmark(CLI::App& app) {
  const auto arguments = std::make_shared<BenchmarkArguments>();
  GradConBenchmarkOptions& options = arguments->options;
  app.add_option("--data", options.data, "Labelled images: a folder of IDX files, or of CIFAR-10's")
      ->required();
  app.add_option("--source", arguments->source, "auto, cure-tsr, folder, idx, or cifar10");
  app.add_option("--out", options.out, "Folder for results; what is there already is used")
      ->required();
  app.add_option("--classes", options.classes, "Inlier classes, such as 0,4,6 (default: all)")
      ->delimiter(',');
  app.add_option("--runs", options.runs, "Repeat with this many seeds");
  app.add_option("--latent", options.latent,
                 "Latent variables; over 0 the autoencoder is variational (the paper's: 576)");
  app.add_option("--gradient-weight", options.gradient_weight,
                 "Weight of the gradient in the score");
  declare_training(app, options.training);
  app.add_option("--threads", arguments->threads, "Threads to use; 0 = all cores");
  app.add_flag("--quiet", arguments->quiet, "No progress");
  return
      [arguments] { return on_threads(arguments->threads, [&] { return benchmark(*arguments); }); };
}

}  // namespace

Command gradcon_command() {
  return {
      "gradcon", "GradCon: a detector from clean images alone, by gradients that agree",
      "gradspace gradcon train --data fashion-mnist --class 0 --epochs 40 --out shirts.safetensors",
      [](CLI::App& app) -> std::function<int()> {
        app.require_subcommand(1);
        CLI::App* const train_app =
            app.add_subcommand("train", "Train an autoencoder whose gradients agree");
        CLI::App* const score_app =
            app.add_subcommand("score", "Score images: larger is more out of distribution");
        CLI::App* const benchmark_app = app.add_subcommand(
            "benchmark", "Each class of a labelled source in turn as the known one");
        const auto run_train = declare_train(*train_app);
        const auto run_score = declare_score(*score_app);
        const auto run_benchmark = declare_benchmark(*benchmark_app);
        return [=] {
          return train_app->parsed()   ? run_train()
                 : score_app->parsed() ? run_score()
                                       : run_benchmark();
        };
      }};
}

}  // namespace gradspace::cli
