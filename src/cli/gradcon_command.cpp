// gradspace gradcon: first names of train --objective gradcon and of experiment gradcon; a score with columns
// of its own.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/gradcon_experiment.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/printer.h"
#include "cli/scoring.h"
#include "cli/training.h"
#include "gradspace/gradcon_detector.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

std::function<int()> declare_gradcon_train(CLI::App& app) {
  const auto arguments = std::make_shared<TrainingArguments>();
  TrainingArguments& a = *arguments;
  a.objective = kGradConObjective;
  a.options = gradcon_training();
  app.add_option("--data", a.sources.data, "Images to train on")->required();
  app.add_option("--val", a.sources.validation,
                 "Images to validate on; else a tree's clean val set, or a tenth of --data");
  app.add_option("--source", a.sources.kind,
                 "auto, cure-tsr, folder, idx, cifar10, tar, list or video")
      ->check(parsed_by(parse_source_kind));
  app.add_option("--class", a.sources.object_class, "Images of this class alone")
      ->check(whole_number(0));
  app.add_option("--out", a.out, "File to write; the checkpoint lies beside it")->required();
  declare_gradcon_autoencoder(app, a);
  app.add_option("--spec", a.spec, "Description of another autoencoder (JSON)");
  declare_gradcon_training(app, a.options, a.gradcon);
  declare_checkpoint_options(app, a.options.resume, a.checkpoint);
  app.add_option("--logdir", a.options.log_folder, "Folder for TensorBoard event files");
  app.add_option("--threads", a.threads, "Threads to use; 0 = all cores")->check(thread_count());
  app.add_flag("--quiet", a.quiet, "No progress");
  return [arguments] { return train(*arguments); };
}

struct GradConScoreArguments {
  std::string model;
  std::vector<std::string> inputs;
  std::string format = "table";
  double gradient_weight = kGradConWeight;
  std::optional<double> threshold;
  double false_alarms = 0.05;
  int threads = 0;
};

PrinterLayout gradcon_layout(const GradConScoreArguments& arguments, double threshold) {
  const nlohmann::json options = {{"gradspace_version", kVersion},
                                  {"model", arguments.model},
                                  {"gradient_weight", arguments.gradient_weight},
                                  {"threshold", threshold}};
  return {{{"path", "image"},
           {"score", "score", 10, "{:.6f}"},
           {"error", "error", 10, "{:.6f}"},
           {"cosine", "cosine", 8, "{:.4f}"},
           {"verdict", "verdict", -7}},
          json_text(options)};
}

std::vector<Cell> gradcon_row(const ScoredImage& image, double gradient_weight, double threshold) {
  const double error = image.score.error;
  const double cosine = image.score.cosine;
  const double score = error - gradient_weight * cosine;
  return {image.path, score, error, cosine, score > threshold ? "out" : "in"};
}

/// As the command `score`, with columns of its own and any weight of the gradient.
int score_by_gradcon(const GradConScoreArguments& arguments) {
  const Model model = read_model(arguments.model);
  const Detector detector = read_detector(arguments.model);
  const double threshold =
      arguments.threshold
          ? *arguments.threshold
          : calibrated_threshold(detector, arguments.false_alarms, arguments.gradient_weight);
  const Printer printer(parse_output_format(arguments.format),
                        gradcon_layout(arguments, threshold));
  Scoring scoring(&model, detector, {{}, arguments.threads}, [&](const ScoredImage& image) {
    printer.print(gradcon_row(image, arguments.gradient_weight, threshold));
  });
  for (const std::string& input : arguments.inputs) {
    scoring.run_input(input);
  }
  return scoring.finish();
}

std::function<int()> declare_gradcon_score(CLI::App& app) {
  const auto arguments = std::make_shared<GradConScoreArguments>();
  GradConScoreArguments& a = *arguments;
  app.add_option("--model", a.model, "File that gradcon train wrote")->required();
  app.add_option("--gradient-weight", a.gradient_weight, "Weight of the gradient in the score")
      ->check(finite_number());
  auto* threshold = app.add_option("--threshold", a.threshold, "Call images out over this score")
                        ->check(finite_number());
  app.add_option("--false-alarms", a.false_alarms,
                 "Else set the threshold for this rate on the clean validation images")
      ->check(fraction())
      ->excludes(threshold);
  app.add_option("--format", a.format, "table, jsonl or csv")->check(output_format());
  app.add_option("--threads", a.threads, "Threads to use; 0 = all cores")->check(thread_count());
  app.add_option("inputs", a.inputs, "Images, folders, or other sources")->required();
  return [arguments] { return score_by_gradcon(*arguments); };
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
            "benchmark", "The command `experiment gradcon` under its first name");
        show_example(*train_app,
                     "gradspace gradcon train --data fashion-mnist --class 0 --epochs 40 --out "
                     "shirts.safetensors");
        show_example(*score_app, "gradspace gradcon score --model shirts.safetensors photos/");
        show_example(*benchmark_app,
                     "gradspace gradcon benchmark --data fashion-mnist --epochs 40 --out results");
        const auto run_train = declare_gradcon_train(*train_app);
        const auto run_score = declare_gradcon_score(*score_app);
        const auto run_experiment = declare_gradcon_experiment(*benchmark_app);
        return [=] {
          return train_app->parsed()   ? run_train()
                 : score_app->parsed() ? run_score()
                                       : run_experiment();
        };
      }};
}

}  // namespace gradspace::cli
