// gradspace iqa-train: the decoder behind the learned quality scores, from photographs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/checkpoint_options.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/progress.h"
#include "cli/source_options.h"
#include "gradspace/decoder_training.h"
#include "gradspace/error.h"
#include "gradspace/output_lock.h"
#include "gradspace/source.h"
#include "gradspace/train.h"

namespace gradspace::cli {
namespace {

struct DecoderTrainingArguments {
  std::string photos;
  std::filesystem::path out;
  DecoderTrainingOptions options;
  SourceOptions source;
  CheckpointOptions checkpoint;
  bool quiet = false;
};

DecoderTrainingResult run_decoder_training(const Source& photographs,
                                           const DecoderTrainingArguments& arguments) {
  const InterruptGuard guard;
  auto progress = std::make_unique<Progress>("read", "photographs", arguments.quiet);
  bool reading = true;
  DecoderTrainingObserver observer;
  observer.on_photo = [&](std::size_t done, std::size_t total) { progress->update(done, total); };
  observer.on_iteration = [&](int iteration, int iterations, const DecoderLossValue& loss) {
    if (reading) {
      reading = false;
      progress.reset();  // clears its bar
      progress = std::make_unique<Progress>("train", "iterations", arguments.quiet);
    }
    progress->update(static_cast<std::size_t>(iteration), static_cast<std::size_t>(iterations),
                     fmt::format("loss {:.6f}", loss.total()));
  };
  observer.stop_requested = [] { return InterruptGuard::requested(); };
  return train_decoder(photographs, arguments.options, observer);
}

int train(DecoderTrainingArguments arguments) {
  arguments.options.checkpoint = checkpoint_beside(arguments.out);
  check_usage([&] { arguments.options.validate(); });
  refuse_inputs(arguments.out, {arguments.photos});
  check_target(arguments.out);
  refuse_forgotten_checkpoint(arguments.options.checkpoint, arguments.options.resume,
                              arguments.checkpoint);
  const OutputLock lock = OutputLock::of_file(arguments.out);
  const std::unique_ptr<Source> photographs =
      open_source(arguments.photos, SourceKind::kFolder, arguments.source);
  if (const std::string remark = passed_over(*photographs, arguments.photos); !remark.empty()) {
    say("gradspace: {}", remark);
  }
  const DecoderTrainingResult result = run_decoder_training(*photographs, arguments);
  for (const std::string& failure : result.failures) {
    say("gradspace: left out: {}", failure);
  }
  if (result.stopped && result.iterations == 0) {
    say("gradspace: interrupted before the first iteration was done: nothing is written");
    return InterruptGuard::exit_status();
  }
  if (result.stopped) {
    say_interrupted(arguments.out, arguments.options.checkpoint, arguments.checkpoint);
    if (!arguments.checkpoint.finish_on_interrupt) {
      return InterruptGuard::exit_status();
    }
  }
  save_decoder(arguments.out, result.decoder);
  if (!result.stopped) {
    remove_file(arguments.options.checkpoint);
  }
  print_line(
      "{}: {} photographs, {} iterations, loss {:.6f} (reconstruction {:.6f}, decay {:.6f}, "
      "sparsity {:.6f})",
      arguments.out.string(), photographs->size() - result.failures.size(), result.iterations,
      result.loss.total(), result.loss.reconstruction, result.loss.decay, result.loss.sparsity);
  return kDone;
}

std::function<int()> declare_iqa_train(CLI::App& app) {
  auto arguments = std::make_shared<DecoderTrainingArguments>();
  DecoderTrainingOptions& options = arguments->options;
  app.add_option("--photos", arguments->photos, "Folder of photographs, searched with its folders")
      ->required();
  app.add_option("--out", arguments->out, "Decoder file to write; the checkpoint lies beside it")
      ->required();
  declare_hidden(app, arguments->source);
  app.add_option("--patches", options.patches, "8x8 patches to draw")
      ->check(whole_number(1000, 10'000'000));
  app.add_option("--iterations", options.iterations, "Iterations of L-BFGS")
      ->check(whole_number(1));
  app.add_option("--max-side", options.max_side,
                 "Halve photographs until the longer side is at most this; 0 = never")
      ->check(whole_number(0));
  app.add_option("--rho", options.rho, "Wanted mean activation")->check(fraction());
  app.add_option("--decay", options.decay, "Weight of the squared weights")->check(number_from(0));
  app.add_option("--beta", options.beta, "Weight of the sparsity term")->check(number_from(0));
  app.add_option("--seed", options.seed, "Places of the patches, initial weights")
      ->check(seed_number());
  declare_checkpoint_options(app, options.resume, arguments->checkpoint);
  app.add_option("--threads", options.threads, "Threads to use; 0 = all cores")
      ->check(thread_count());
  app.add_flag("--quiet", arguments->quiet, "No progress");
  return [arguments] { return train(*arguments); };
}

}  // namespace

Command iqa_train_command() {
  return {"iqa-train", "Train the decoder of the learned quality scores on photographs",
          "gradspace iqa-train --photos photos --out decoder.safetensors", declare_iqa_train};
}

}  // namespace gradspace::cli
