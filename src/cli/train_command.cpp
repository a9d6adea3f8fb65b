// gradspace train: the autoencoder, from images to a model file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output_target.h"
#include "cli/progress.h"
#include "cli/training_images.h"
#include "gradspace/backends.h"
#include "gradspace/error.h"
#include "gradspace/train.h"

namespace gradspace::cli {
namespace {

struct Arguments {
  std::string data;
  std::string validation;
  std::string source = "auto";
  std::filesystem::path out;
  std::filesystem::path spec;
  BackendChoice backend;
  bool quiet = false;
  TrainOptions options;
};

TrainResult run_training(const AutoencoderSpec& spec, const TrainingImages& images,
                         const Arguments& arguments) {
  const auto backend = make_training_backend(
      arguments.backend, initialise(spec, arguments.options.seed), arguments.options);
  const InterruptGuard guard;
  Progress progress("train", "images", arguments.quiet);
  TrainObserver observer;
  observer.stop_requested = [] { return InterruptGuard::requested(); };
  double validation_loss = 0;
  observer.on_epoch = [&](const EpochRecord& record) { validation_loss = record.validation_loss; };
  observer.on_step = [&](const TrainProgress& p) {
    std::string note = fmt::format("epoch {}/{}, loss {:.1f}", p.epoch, p.epochs, p.loss);
    if (validation_loss > 0) {
      note += fmt::format(", validation {:.1f}", validation_loss);
    }
    progress.update(p.images_done, p.images_total, note);
  };
  return train_autoencoder(spec, *images.train, *images.validation, *backend, arguments.options,
                           observer);
}

/// The outcome of an earlier run that nothing is left to do for.
bool is_done_already(const AutoencoderSpec& spec, const TrainingImages& images,
                     const Arguments& arguments) {
  return arguments.options.resume && !std::filesystem::exists(arguments.options.checkpoint) &&
         std::filesystem::exists(arguments.out) &&
         is_trained_by(read_model(arguments.out), spec, *images.train, *images.validation,
                       arguments.options);
}

int train(Arguments arguments) {
  arguments.backend.validate();
  arguments.options.backend = arguments.backend.text();
  arguments.options.checkpoint = arguments.out;
  arguments.options.checkpoint += ".checkpoint";
  arguments.options.validate();
  check_target(arguments.out);
  const AutoencoderSpec spec =
      arguments.spec.empty() ? AutoencoderSpec{} : read_autoencoder_spec(arguments.spec);
  const TrainingImages images =
      load_training_images({arguments.data, arguments.validation, arguments.source,
                            arguments.options.seed, std::nullopt},
                           spec.input, arguments.quiet);
  if (is_done_already(spec, images, arguments)) {
    fmt::print("{}: trained already with these options on these images\n", arguments.out.string());
    return kDone;
  }

  const TrainResult result = run_training(spec, images, arguments);
  if (result.best_epoch == 0) {
    fmt::print(stderr, "gradspace: stopped before the first epoch was done: nothing is written\n");
    return kFailed;
  }
  write_model(arguments.out, result.model);
  const EpochRecord& best = result.epochs[static_cast<std::size_t>(result.best_epoch) - 1];
  fmt::print("{}: best epoch {} of {}, validation loss {:.4f} (bce {:.4f}, kld {:.4f})\n",
             arguments.out.string(), best.epoch, result.epochs.size(), best.validation_loss,
             best.validation_bce, best.validation_kld);
  leave_checkpoint(result.stopped, arguments.options.checkpoint);
  return kDone;
}

std::function<int()> declare(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  TrainOptions& options = arguments->options;
  app.add_option("--data", arguments->data,
                 "Images to train on: of a CURE-TSR tree its clean train set")
      ->required();
  app.add_option("--val", arguments->validation,
                 "Images to validate on; else a tree's clean val set, or a tenth of --data");
  app.add_option("--source", arguments->source, "auto, cure-tsr, folder, idx, or cifar10");
  app.add_option("--out", arguments->out, "Model file to write; the checkpoint lies beside it")
      ->required();
  app.add_option("--spec", arguments->spec, "Description of the autoencoder (JSON)");
  app.add_option("--epochs", options.epochs, "Passes over the images");
  app.add_option("--batch", options.batch, "Images a step");
  app.add_option("--lr", options.learning_rate, "Adam's learning rate");
  app.add_option("--beta", options.beta, "Weight of the KLD in the loss");
  app.add_option("--seed", options.seed, "Initialisation, order of images, noise");
  app.add_option("--backend", arguments->backend.name, "native or torch")
      ->check(CLI::IsMember({"native", "torch"}));
  app.add_option("--device", arguments->backend.device, "cpu, cuda, or cuda:N");
  app.add_flag("--resume", options.resume, "Go on from the checkpoint, where there is one");
  app.add_option("--logdir", options.log_folder, "Folder for TensorBoard event files");
  app.add_flag("--quiet", arguments->quiet, "No progress");
  return [arguments] { return train(*arguments); };
}

}  // namespace

Command train_command() {
  return {"train", "Train the autoencoder on a set of images",
          "gradspace train --data signs --out vae.safetensors --epochs 100 --logdir log", declare};
}

}  // namespace gradspace::cli
