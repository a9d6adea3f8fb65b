// gradspace train: the autoencoder, from images to a model file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/fast_decode.h"
#include "cli/option_values.h"
#include "cli/source_options.h"
#include "cli/training.h"
#include "gradspace/error.h"

namespace gradspace::cli {
namespace {

/// Throws InvalidArgument when one of the options was given, which go with another objective.
void refuse(const CLI::App& app, const std::vector<const char*>& options,
            const char* other_objective) {
  for (const char* option : options) {
    if (app.count(option) > 0) {
      throw InvalidArgument(
          fmt::format("train: {} goes with --objective {}", option, other_objective));
    }
  }
}

int train_by_objective(const CLI::App& app, TrainingArguments arguments) {
  if (arguments.objective == kGradConObjective) {
    refuse(app, {"--beta", "--backend", "--device", "--size", "--tiles", "--members", "--mpi"},
           kAutoencoderObjective);
    const TrainOptions defaults = gradcon_training();
    arguments.options.epochs =
        app.count("--epochs") > 0 ? arguments.options.epochs : defaults.epochs;
    arguments.options.batch = app.count("--batch") > 0 ? arguments.options.batch : defaults.batch;
  } else {
    refuse(app, {"--alignment", "--kld-weight", "--mean-of-error", "--channels", "--latent"},
           kGradConObjective);
  }
  return train(std::move(arguments));
}

std::function<int()> declare_train(CLI::App& app) {
  const auto arguments = std::make_shared<TrainingArguments>();
  TrainingArguments& a = *arguments;
  app.add_option("--data", a.sources.data,
                 "Images to train on: of a CURE-TSR tree its clean train set")
      ->required();
  app.add_option("--val", a.sources.validation,
                 "Images to validate on; else a tree's clean val set, or a tenth of --data");
  app.add_option("--source", a.sources.kind,
                 "auto, cure-tsr, folder, idx, cifar10, tar, list or video")
      ->check(parsed_by(parse_source_kind));
  declare_hidden(app, a.sources.options);
  app.add_option("--class", a.sources.object_class, "Images of this class alone")
      ->check(whole_number(0));
  app.add_option("--out", a.out, "Model file to write; the checkpoint lies beside it")->required();
  app.add_option(
         "--objective", a.objective,
         "autoencoder (BCE + beta KLD), or gradcon (gradients that agree: the model is its own "
         "detector; 1000 epochs of 64 images a step, if nothing else is said)")
      ->check(CLI::IsMember({kAutoencoderObjective, kGradConObjective}));
  auto* spec = app.add_option(
      "--spec", a.spec, "Description of the autoencoder (JSON); info --spec 64x64 prints one");
  auto* size =
      app.add_option("--size", a.size,
                     "Size of the autoencoder's input, width first, such as 64x64: images are "
                     "shrunk to it (default: 28x28)")
          ->check(parsed_by(parse_pixel_size))
          ->excludes(spec);
  app.add_option("--tiles", a.tiles,
                 "Train on tiles of this size, such as 28x28, cut from photographs at their own "
                 "resolution")
      ->check(parsed_by(parse_tiling))
      ->excludes(size);
  declare_fast_decode(app, a.fast_decode)->excludes(app.get_option("--tiles"));
  auto* per_image = app.add_option("--tiles-per-image", a.sources.tiles_per_image,
                                   "Tiles of each photograph (default: 4 to 100, for 20000 in all)")
                        ->check(whole_number(1));
  per_image->needs(app.get_option("--tiles"));
  app.add_option_function<std::string>(
         "--hold-out", [&a](const std::string& text) { a.sources.hold_out = parse_hold_out(text); },
         "How validation images are chosen of --data: blocks (of consecutive names; default of "
         "more "
         "than 50 images), folders, or random")
      ->check(parsed_by(parse_hold_out));
  app.add_option("--epochs", a.options.epochs, "Passes over the images")->check(whole_number(1));
  app.add_option("--batch", a.options.batch, "Images a step")->check(whole_number(1));
  app.add_option("--lr", a.options.learning_rate, "Adam's learning rate")->check(number_over(0));
  app.add_option("--beta", a.options.beta, "Weight of the KLD in the loss")->check(number_from(0));
  app.add_option("--seed", a.options.seed, "Initialisation, order of images, noise")
      ->check(seed_number());
  auto* members =
      app.add_option(
             "--members", a.members,
             "Autoencoders in the model, trained side by side from different seeds; what looks "
             "at the model looks at all of them")
          ->check(whole_number(1, kMaxMembers));
  auto* backend = app.add_option("--backend", a.backend.name, "native or torch")
                      ->check(CLI::IsMember({"native", "torch"}));
  app.add_flag("--mpi", a.mpi,
               "Train together with the other processes of an MPI job, such as mpirun starts, each "
               "a share of every batch; the first one writes")
      ->excludes(members)
      ->excludes(backend);
  app.add_option("--device", a.backend.device, "cpu, cuda, or cuda:N");
  declare_checkpoint_options(app, a.options.resume, a.checkpoint);
  app.add_option("--logdir", a.options.log_folder, "Folder for TensorBoard event files");
  app.add_option("--threads", a.threads, "Threads to use; 0 = all cores")->check(thread_count());
  app.add_flag("--quiet", a.quiet, "No progress");
  declare_gradcon_autoencoder(app, a);
  declare_gradcon_options(app, a.gradcon);
  for (const char* option :
       {"--alignment", "--kld-weight", "--mean-of-error", "--channels", "--latent"}) {
    app.get_option(option)->group("With --objective gradcon");
  }
  return [arguments, &app] { return train_by_objective(app, *arguments); };
}

}  // namespace

Command train_command() {
  return {"train", "Train the autoencoder on a set of images",
          "gradspace train --data signs --out vae.safetensors --epochs 100 --logdir log",
          declare_train};
}

}  // namespace gradspace::cli
