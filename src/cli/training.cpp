#include "cli/training.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/progress.h"
#include "gradspace/error.h"
#include "gradspace/gradcon_detector.h"
#include "gradspace/mpi_module.h"
#include "gradspace/output_lock.h"
#include "gradspace/threads.h"
#include "gradspace/train_members.h"

namespace gradspace::cli {
namespace {

bool is_gradcon(const TrainingArguments& arguments) {
  return arguments.objective == kGradConObjective;
}

AutoencoderSpec spec_of(const TrainingArguments& arguments) {
  if (!arguments.spec.empty()) {
    AutoencoderSpec spec = read_autoencoder_spec(arguments.spec);
    const auto& tiles = arguments.sources.tiles;
    if (tiles && (spec.input.width != tiles->width || spec.input.height != tiles->height)) {
      throw InvalidArgument(
          fmt::format("train: --tiles {}x{} are not of the size that {} describes", tiles->width,
                      tiles->height, arguments.spec.string()));
    }
    return spec;
  }
  if (const std::string& size = arguments.tiles.empty() ? arguments.size : arguments.tiles;
      !size.empty()) {
    return autoencoder_of_size(size);
  }
  return is_gradcon(arguments) ? gradcon_autoencoder(arguments.channels, arguments.latent)
                               : AutoencoderSpec{};
}

/// Of several processes that train together, all but the first leave files and words to that one.
bool is_first(const TrainingArguments& arguments) {
  return arguments.ranks == nullptr || arguments.ranks->rank() == 0;
}

TrainObserver training_observer(Progress& progress, int digits, Ranks* ranks) {
  TrainObserver observer;
  observer.stop_requested = [ranks] {
    const bool own = InterruptGuard::requested();
    return ranks == nullptr ? own : any_rank(*ranks, own);
  };
  const auto validation = std::make_shared<std::string>();
  observer.on_epoch = [=](const EpochRecord& record) {
    *validation = fmt::format(", validation {:.{}f}", record.validation.loss, digits);
  };
  observer.on_step = [=, &progress](const TrainProgress& p) {
    progress.update(
        p.images_done, p.images_total,
        fmt::format("epoch {}/{}, loss {:.{}f}{}", p.epoch, p.epochs, p.loss, digits, *validation));
  };
  return observer;
}

MembersResult run_training(const AutoencoderSpec& spec, const TrainingImages& images,
                           const TrainingArguments& arguments) {
  const TrainOptions& options = arguments.options;
  const InterruptGuard guard;
  Progress progress("train", "images", arguments.quiet);
  if (is_gradcon(arguments)) {
    TrainResult result = train_gradcon(spec, *images.train, *images.validation, options,
                                       arguments.gradcon, training_observer(progress, 5, nullptr));
    Model model = std::exchange(result.model, {});
    const bool stopped = result.stopped;
    return {std::move(model), {std::move(result)}, stopped};
  }
  const auto make_backend = [&](const Model& initial, const TrainOptions& own) {
    return arguments.ranks == nullptr ? make_training_backend(arguments.backend, initial, own)
                                      : make_native_training(initial, own.step(), arguments.ranks);
  };
  return train_members(spec, *images.train, *images.validation, make_backend, options,
                       arguments.members, training_observer(progress, 1, arguments.ranks));
}

std::vector<std::filesystem::path> checkpoints_of(const TrainingArguments& arguments) {
  std::vector<std::filesystem::path> checkpoints;
  for (std::size_t member = 0; member < arguments.members; ++member) {
    checkpoints.push_back(member_checkpoint(arguments.options.checkpoint, member));
  }
  return checkpoints;
}

/// The outcome of an earlier run that nothing is left to do for. Checkpoints of all members are of a run that goes on;
/// some alone may be what was left when the removal of all was cut short.
bool is_done_already(const AutoencoderSpec& spec, const TrainingImages& images,
                     const TrainingArguments& arguments) {
  return !is_gradcon(arguments) && arguments.options.resume &&
         !std::ranges::all_of(checkpoints_of(arguments), is_there) && is_there(arguments.out) &&
         are_trained_by(read_model(arguments.out), spec, *images.train, *images.validation,
                        arguments.options, arguments.members);
}

/// How tiles were drawn, for the model's file.
std::string tiles_record(const TrainingArguments& arguments) {
  const Tiling& tiles = *arguments.sources.tiles;
  const std::size_t each = arguments.sources.tiles_per_image;
  return fmt::format(R"({{"per_image":{},"size":[{},{}],"stride":null}})",
                     each > 0 ? std::to_string(each) : "null", tiles.width, tiles.height);
}

void write_trained(Model model, const ImageStore& validation, const TrainingArguments& arguments) {
  if (arguments.sources.tiles) {
    model.metadata["tiles"] = tiles_record(arguments);
  }
  if (is_gradcon(arguments)) {
    write_gradcon(arguments.out, model,
                  gradcon_detector(model, validation.images(0, validation.size())));
  } else {
    write_model(arguments.out, model);
  }
}

std::string text_of(const EpochLosses& losses, const TrainingArguments& arguments) {
  return is_gradcon(arguments) ? fmt::format("{:.6f} (error {:.6f}, cosine {:.4f})", losses.loss,
                                             losses.term("error"), losses.term("cosine"))
                               : fmt::format("{:.4f} (bce {:.4f}, kld {:.4f})", losses.loss,
                                             losses.term("bce"), losses.term("kld"));
}

/// Trains with the arguments settled; the exit status.
int train_settled(const TrainingArguments& arguments) {
  const TrainOptions& options = arguments.options;
  const AutoencoderSpec spec = spec_of(arguments);
  const TrainingImages images = load_training_images(
      arguments.sources, spec.input, arguments.fast_decode ? Decoding::kFast : Decoding::kExact,
      arguments.quiet);
  if (is_done_already(spec, images, arguments)) {
    if (is_first(arguments)) {
      print_line("{}: trained already with these options on these images", arguments.out.string());
    }
    return kDone;
  }
  const MembersResult result = run_training(spec, images, arguments);
  if (!is_first(arguments)) {
    return result.stopped ? InterruptGuard::exit_status() : kDone;
  }
  if (!result.all_began()) {
    say("gradspace: interrupted before the first epoch{} was done: nothing is written{}",
        arguments.members > 1 ? " of every member" : "",
        std::ranges::any_of(checkpoints_of(arguments), is_there) ? "; --resume goes on" : "");
    return InterruptGuard::exit_status();
  }
  if (result.stopped) {
    say_interrupted(arguments.out, options.checkpoint, arguments.checkpoint);
    if (!arguments.checkpoint.finish_on_interrupt) {
      return InterruptGuard::exit_status();
    }
  }
  write_trained(result.model, *images.validation, arguments);
  for (std::size_t i = 0; i < result.members.size(); ++i) {
    const TrainResult& member = result.members[i];
    const EpochRecord& best = member.epochs[static_cast<std::size_t>(member.best_epoch) - 1];
    print_line("{}{}: best epoch {} of {}, validation loss {}", arguments.out.string(),
               result.members.size() > 1 ? fmt::format(", member {}", i) : "", best.epoch,
               member.epochs.size(), text_of(best.validation, arguments));
  }
  if (!result.stopped) {
    std::ranges::for_each(checkpoints_of(arguments), remove_file);
  }
  return kDone;
}

/// With the lock of what is written.
int train_alone(const TrainingArguments& arguments) {
  const OutputLock lock = OutputLock::of_file(arguments.out);
  return on_threads(arguments.threads, [&] { return train_settled(arguments); });
}

int train_as_rank(TrainingArguments arguments) {
  arguments.ranks = &mpi_ranks();
  int status = kDone;
  if (is_first(arguments)) {
    status = train_alone(arguments);
  } else {
    arguments.options.writes_files = false;
    arguments.quiet = true;
    status = on_threads(arguments.threads, [&] { return train_settled(arguments); });
  }
  leave_mpi();
  return status;
}

}  // namespace

int train(TrainingArguments arguments) {
  TrainOptions& options = arguments.options;
  options.backend = arguments.backend.text();
  options.checkpoint = checkpoint_beside(arguments.out);
  check_usage([&] {
    arguments.backend.validate();
    options.validate();
    arguments.gradcon.validate();
  });
  arguments.sources.seed = options.seed;
  if (!arguments.tiles.empty()) {
    arguments.sources.tiles = parse_tiling(arguments.tiles);
  }
  const std::vector<std::filesystem::path> inputs = {arguments.sources.data,
                                                     arguments.sources.validation, arguments.spec};
  refuse_inputs(arguments.out, inputs);
  check_target(arguments.out);
  for (const std::filesystem::path& checkpoint : checkpoints_of(arguments)) {
    refuse_inputs(checkpoint, inputs);
    refuse_forgotten_checkpoint(checkpoint, options.resume, arguments.checkpoint);
  }
  return arguments.mpi ? train_as_rank(std::move(arguments)) : train_alone(arguments);
}

void declare_gradcon_options(CLI::App& app, GradConOptions& options) {
  app.add_option("--alignment", options.alignment, "Weight of the alignment term in the loss")
      ->check(number_from(0));
  app.add_option("--kld-weight", options.kld_weight, "Weight of a variational autoencoder's KLD")
      ->check(number_from(0));
  app.add_flag_callback(
      "--mean-of-error", [&options] { options.mean_of_loss = false; },
      "Mean gradients of the reconstruction error alone, as in the paper's text");
}

void declare_gradcon_training(CLI::App& app, TrainOptions& options, GradConOptions& gradcon) {
  app.add_option("--epochs", options.epochs, "Passes over the images")->check(whole_number(1));
  app.add_option("--batch", options.batch, "Images a step")->check(whole_number(1));
  app.add_option("--lr", options.learning_rate, "Adam's learning rate")->check(number_over(0));
  declare_gradcon_options(app, gradcon);
  app.add_option("--seed", options.seed, "Initialisation, order of images, noise, split")
      ->check(seed_number());
}

void declare_gradcon_autoencoder(CLI::App& app, TrainingArguments& arguments) {
  app.add_option("--channels", arguments.channels, "1 (grey) or 3 (RGB)")
      ->check(whole_number(1))
      ->check(CLI::IsMember({1, 3}));
  app.add_option("--latent", arguments.latent,
                 "Latent variables; over 0 the autoencoder is variational (the paper's: 576)")
      ->check(whole_number(0));
}

}  // namespace gradspace::cli
