// Training the autoencoder: one loop for every objective and backend.
//
// The loop owns what must be the same everywhere - order of images, noise, choice of the best epoch,
// checkpoints, logs; an objective (this one, or gradcon.h's) owns its losses and one step of the
// optimiser. Order and noise
// are functions of (seed, epoch, position) and hold no state, so a run that was killed at any
// moment continues from its last finished epoch and ends with the weights of an uninterrupted one.
//
// Loss = BCE + beta * KLD, both summed over pixels or latents and over the batch; validation with
// z = mu (paper, section 3; the original code's defaults).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/model.h"
#include "gradspace/source.h"
#include "gradspace/training_backend.h"

namespace gradspace {

struct GRADSPACE_API TrainOptions {
  int epochs = 400;
  int batch = 128;
  double learning_rate = 1e-3;  ///< Adam, betas 0.9 and 0.999, epsilon 1e-8
  double beta = 1.0;            ///< weight of the KLD; of this objective alone
  std::uint64_t seed = 0;       ///< initialisation, order, noise
  /// Who steps the optimiser ("native", "torch cuda:0"): recorded, and the same again on resuming. Of
  /// this objective alone.
  std::string backend = "native";
  /// Checkpoint after every epoch, here; empty = none. It stays when training ends: whoever wants
  /// the model removes it once the model is safely written.
  std::filesystem::path checkpoint;
  /// Continue from `checkpoint` when it exists. It must be of the same description, options and
  /// data (InvalidArgument says what differs); only `epochs` may be another number, not less than
  /// those already run.
  bool resume = false;
  /// TensorBoard event files go here; empty = none.
  std::filesystem::path log_folder;
  /// False where another process writes them: the checkpoint is then read alone, and nothing is logged.
  bool writes_files = true;

  /// What a backend is made with.
  StepOptions step() const { return {.learning_rate = learning_rate, .beta = beta}; }

  /// Throws InvalidArgument naming the option.
  void validate() const;
};

/// Images decoded and resized for training: N x H x W x C bytes in an unlinked, memory-mapped
/// file in the temporary folder, which the kernel may drop from memory. Thread-safe.
class GRADSPACE_API ImageStore {
 public:
  /// Decodes every image of `source` to the given extent (1 channel: grey, 3: RGB), on all cores.
  /// An image that can't be read is left out and reported in `failures`. `progress` is called by
  /// one thread at a time. `decoding` is of JPEG files. Throws InvalidArgument for another number of channels, IoError
  /// when there is no room, FormatError when no image is left.
  ImageStore(const Source& source, const Extent& extent,
             const std::function<void(std::size_t done, std::size_t total)>& progress = {},
             Decoding decoding = Decoding::kExact);
  ~ImageStore();
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;

  std::size_t size() const;
  const Extent& extent() const;
  Decoding decoding() const;
  /// Image `i`, HWC.
  std::span<const std::uint8_t> image(std::size_t i) const { return images(i, 1); }
  /// `count` images from `first` on, NHWC.
  std::span<const std::uint8_t> images(std::size_t first, std::size_t count) const;
  /// Where image `i` is in the source, of which some may have been left out.
  std::size_t position(std::size_t i) const;
  /// A line for each image left out, in the source's order.
  const std::vector<std::string>& failures() const;
  /// SHA-256 of all pixels in order, hex: the data's identity.
  const std::string& digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Means over images: what is minimised, and the terms that it is made of, in the order of a table's
/// columns: "bce", "kld"; by GradCon's objective "error", "cosine" (of batches), "kld".
struct GRADSPACE_API EpochLosses {
  double loss = 0;
  std::vector<std::pair<std::string, double>> terms;

  /// Throws InvalidArgument when there is no such term.
  double term(std::string_view name) const;
};

struct EpochRecord {
  int epoch = 0;           ///< from 1
  EpochLosses train;       ///< met on the way through the epoch
  EpochLosses validation;  ///< after it
  bool best = false;       ///< the least validation loss so far
  double seconds = 0;      ///< since the run (or its continuation) began
};

/// The history as CSV with a header line, such as epoch,train_loss,train_bce,train_kld,validation_loss,
/// validation_bce,validation_kld,best,seconds. Digits round-trip.
GRADSPACE_API std::string training_csv(std::span<const EpochRecord> epochs);

struct TrainProgress {
  int epoch = 0;
  int epochs = 0;
  std::size_t images_done = 0;  ///< of all epochs
  std::size_t images_total = 0;
  double loss = 0;  ///< running, per image
};

struct TrainObserver {
  std::function<void(const TrainProgress&)> on_step;
  std::function<void(const EpochRecord&)> on_epoch;
  /// Asked after every step; true ends training: an unfinished epoch is given up, the best weights
  /// so far and the checkpoint are kept.
  std::function<bool()> stop_requested;
};

struct TrainResult {
  /// Weights (and mean gradients) of the best epoch. Metadata "training" is the record as JSON (options, data, epochs
  /// run, best epoch, losses), "preprocessing" says how an image becomes an input. Nothing in it
  /// depends on the clock: a resumed run's file is byte for byte that of an uninterrupted one.
  Model model;
  std::vector<EpochRecord> epochs;  ///< with those before a resumption
  int best_epoch = 0;    ///< 0: stopped before one was finished; the weights are the initial ones
  bool stopped = false;  ///< on request, before the last epoch
};

/// Runs the loop. The backend must have been made from `initialise(spec, options.seed)`. Where the batch
/// does not divide the number of images, the last step of an epoch takes those that are left. Throws InvalidArgument,
/// IoError (also while another training holds the lock of this checkpoint, see output_lock.h), FormatError (a
/// checkpoint that is damaged); Error naming epoch and step when the loss is no longer finite.
GRADSPACE_API TrainResult train_autoencoder(const AutoencoderSpec& spec, const ImageStore& train,
                                            const ImageStore& validation, TrainingBackend& backend,
                                            const TrainOptions& options,
                                            const TrainObserver& observer = {});

/// Where the checkpoint of a training lies that is to write `out`: beside it, as "out.checkpoint"; a name that
/// would become too long for a file system is shortened.
GRADSPACE_API std::filesystem::path checkpoint_beside(const std::filesystem::path& out);

/// Whether `model` is what a whole run of these options on these images ends with.
GRADSPACE_API bool is_trained_by(const Model& model, const AutoencoderSpec& spec,
                                 const ImageStore& train, const ImageStore& validation,
                                 const TrainOptions& options);

}  // namespace gradspace
