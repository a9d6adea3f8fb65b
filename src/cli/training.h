// What `train` and `gradcon train` have in common: all but the options that they show.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "cli/checkpoint_options.h"
#include "cli/training_images.h"
#include "gradspace/backends.h"
#include "gradspace/gradcon.h"

namespace CLI {
class App;
}

namespace gradspace::cli {

inline constexpr const char* kAutoencoderObjective = "autoencoder";
inline constexpr const char* kGradConObjective = "gradcon";

struct TrainingArguments {
  TrainingSources sources;
  bool fast_decode = false;
  std::string objective = kAutoencoderObjective;
  std::filesystem::path spec;
  std::string size;   ///< of the autoencoder's input, "64x64"
  std::string tiles;  ///< the same, of tiles
  std::filesystem::path out;
  int channels = 1;  ///< these two of GradCon's autoencoder, where `spec` is empty
  int latent = 0;
  std::size_t members = 1;  ///< not of GradCon's objective
  BackendChoice backend;
  bool mpi = false;        ///< one of the processes of an MPI job
  Ranks* ranks = nullptr;  ///< these, once the job was joined
  TrainOptions options;
  CheckpointOptions checkpoint;
  GradConOptions gradcon;
  int threads = 0;
  bool quiet = false;
};

/// Trains and writes the model (of GradCon's objective, with its detector); the exit status.
int train(TrainingArguments arguments);

/// "--alignment", "--kld-weight", "--mean-of-error".
void declare_gradcon_options(CLI::App& app, GradConOptions& options);
/// All options of GradCon's training.
void declare_gradcon_training(CLI::App& app, TrainOptions& options, GradConOptions& gradcon);
/// "--channels", "--latent".
void declare_gradcon_autoencoder(CLI::App& app, TrainingArguments& arguments);

}  // namespace gradspace::cli
