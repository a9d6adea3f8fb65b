// Training the autoencoder: one loop for every backend.
//
// The loop owns what must be the same everywhere - initialisation, order of images, noise, choice of
// the best epoch, checkpoints, logs; a backend owns one step of the optimiser. Order and noise are
// functions of (seed, epoch, position) and hold no state, so a run that was killed at any moment
// continues from its last finished epoch and ends with the weights of an uninterrupted one.
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
#include <vector>

#include "gradspace/model.h"
#include "gradspace/source.h"

namespace gradspace {

struct TrainOptions {
  int epochs = 400;
  int batch = 128;
  double learning_rate = 1e-3;  ///< Adam, betas 0.9 and 0.999, epsilon 1e-8
  double beta = 1.0;            ///< weight of the KLD
  std::uint64_t seed = 0;       ///< initialisation, order, noise
  /// Checkpoint after every epoch, here; empty = none. Removed when training ends.
  std::filesystem::path checkpoint;
  /// Continue from `checkpoint` when it exists and belongs to the same options and data.
  bool resume = false;
  /// TensorBoard event files go here; empty = none.
  std::filesystem::path log_folder;

  void validate() const;
};

/// Sums over images.
struct LossSums {
  double bce = 0;
  double kld = 0;
};

/// Images decoded and resized for training: N x H x W x C bytes in an unlinked, memory-mapped
/// temporary file, which the kernel may drop from memory.
class ImageStore {
 public:
  /// Decodes every image of `source` to the given extent (1 channel: grey, 3: RGB), on all cores.
  /// An image that can't be read is left out and reported in `failures`. Throws FormatError when
  /// none is left.
  ImageStore(const Source& source, const Extent& extent,
             const std::function<void(std::size_t done, std::size_t total)>& progress = {});
  ~ImageStore();
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;

  std::size_t size() const;
  const Extent& extent() const;
  /// Image `i`, HWC.
  std::span<const std::uint8_t> image(std::size_t i) const;
  const std::vector<std::string>& failures() const;
  /// SHA-256 of all pixels and their order, hex: the data's identity.
  const std::string& digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// An optimiser at work on one model.
class TrainingBackend {
 public:
  virtual ~TrainingBackend() = default;

  /// One Adam step on a batch: images_u8_nhwc [n,H,W,C], noise [n,latent] standard normal
  /// (z = mu + exp(logvar/2) * noise). Returns the losses before the step.
  virtual LossSums step(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                        std::span<const float> noise) = 0;

  /// Losses with z = mu, no step.
  virtual LossSums evaluate(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n) = 0;

  /// Reconstructions with z = mu, [n,C,H,W] into `out`.
  virtual void reconstruct(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                           std::span<float> out) = 0;

  /// The weights by their names; Adam's moments as "adam.m.<name>" and "adam.v.<name>".
  virtual TensorMap state() const = 0;
  /// `steps`: how many steps Adam has taken.
  virtual void restore(const TensorMap& state, std::int64_t steps) = 0;
};

struct EpochRecord {
  int epoch = 0;            ///< from 1
  double train_loss = 0;    ///< per image
  double train_bce = 0;
  double train_kld = 0;
  double validation_loss = 0;
  double validation_bce = 0;
  double validation_kld = 0;
  bool best = false;        ///< the least validation loss so far
  double seconds = 0;       ///< since the run (or its continuation) began
};

struct TrainProgress {
  int epoch = 0;
  int epochs = 0;
  std::size_t images_done = 0;   ///< of all epochs
  std::size_t images_total = 0;
  double loss = 0;               ///< running, per image
};

struct TrainObserver {
  std::function<void(const TrainProgress&)> on_step;
  std::function<void(const EpochRecord&)> on_epoch;
  /// Asked after every step; true ends training after the present epoch is given up, with the best
  /// weights so far and the checkpoint kept.
  std::function<bool()> stop_requested;
};

struct TrainResult {
  Model model;  ///< of the best epoch; metadata "training" holds the record as JSON
  std::vector<EpochRecord> epochs;
  int best_epoch = 0;
  bool stopped = false;  ///< on request, before the last epoch
};

/// Runs the loop. The backend must have been made from `initialise(spec, options.seed)`.
/// Throws InvalidArgument, IoError; Error when the loss is no longer finite.
TrainResult train_autoencoder(const AutoencoderSpec& spec, const ImageStore& train,
                              const ImageStore& validation, TrainingBackend& backend,
                              const TrainOptions& options, const TrainObserver& observer = {});

/// The native backend: the engine's passes with lanes summed.
std::unique_ptr<TrainingBackend> make_native_training(const Model& initial,
                                                      const TrainOptions& options);

}  // namespace gradspace
