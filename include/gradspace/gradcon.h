// GradCon: one-class detection by gradients that training has taught to point one way (Kwon,
// Prabhushankar, Temel, AlRegib, "Backpropagated Gradient Representations for Anomaly Detection",
// ECCV 2020, arXiv 2007.09507).
//
// Training. For a batch B of n images x with reconstructions x' let
//   E(B)  = 1/(n pixels) sum (x' - x)^2                     the reconstruction error
//   g_l   = dE / dW_l                                       for each decoder ("up") layer l
//   m_l   = the mean of d loss / dW_l over all batches before this one
//   cos   = mean over l of <g_l, m_l> / (|g_l| |m_l|)
//   loss  = E - alignment * cos
// (equations 4 and 5); in the first batch, which has no m, the loss is E. The derivative of cos by
// the weights is a second derivative of E. With v_l = -alignment/layers * d cos_l / d g_l it is the
// product of E's Hessian with v, computed exactly: one forward pass of tangents and one backward
// pass (Pearlmutter 1994), about twice the cost of training without it.
//
// Score of one image: its own E - weight * cos(its own g, m); larger = more out of distribution.
//
// A variational autoencoder (latent > 0) is trained with
//   loss + kld_weight / pixels * (mean KLD of an image):
// the ELBO of a Gaussian decoder of pixel variance kld_weight / 2, scaled. It is scored with z = mu.
//
// m is as in the released code. In the paper's text it is the mean of g_l, of E's gradients alone, for
// which `mean_of_loss` is false; that detects worse (docs/gradcon.md). Deviations from the released
// code: the best epoch is chosen from all (there from every fifth); a cosine with a zero vector is 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/gradient.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/train.h"

namespace gradspace {

/// The paper's autoencoder: 28x28 images of 1 or 3 channels, 32-32-64-64 channels, kernel 4, stride
/// 2; `latent` variables (the paper's VAE: 576) or, at 0, no bottleneck.
GRADSPACE_API AutoencoderSpec gradcon_autoencoder(int channels, int latent = 0);

struct GRADSPACE_API GradConOptions {
  int epochs = 1000;                 ///< the released code's
  int batch = 64;                    ///< images a step
  double learning_rate = 1e-3;       ///< Adam, betas 0.9 and 0.999, epsilon 1e-8
  double alignment = 0.03;           ///< weight of the alignment term; 0 trains without it
  double kld_weight = 0.02;          ///< for a variational autoencoder: twice the pixels' variance
  bool mean_of_loss = true;          ///< m over gradients of the loss; false: of the error alone
  std::uint64_t seed = 0;            ///< initialisation, order, noise
  std::filesystem::path checkpoint;  ///< after every epoch, here; empty = none
  /// Continue from `checkpoint` when it exists; as in TrainOptions.
  bool resume = false;
  std::filesystem::path log_folder;  ///< TensorBoard event files go here; empty = none

  /// Throws InvalidArgument naming the option.
  void validate() const;
};

/// What training ends with and scoring begins with.
struct GRADSPACE_API GradConDetector {
  Model model;
  TensorMap mean_gradients;  ///< m, by the weight's name ("up.0.weight")
  /// Reconstruction error and cosine of the clean validation images: they give the threshold of any
  /// rate of false alarms.
  std::vector<float> clean_errors;
  std::vector<float> clean_cosines;

  /// Throws InvalidArgument naming the tensor that is missing, superfluous, of another shape or not
  /// finite.
  void validate() const;
};

/// `.safetensors` with kind "gradcon". Throws IoError, FormatError.
GRADSPACE_API GradConDetector read_gradcon(const std::filesystem::path& path);
GRADSPACE_API void write_gradcon(const std::filesystem::path& path,
                                 const GradConDetector& detector);

struct GradConScore {
  double score = 0;   ///< error - weight * cosine
  double error = 0;   ///< mean squared error of the pixels
  double cosine = 0;  ///< mean over the decoder's layers, -1 to 1
};

/// Scores images on the native engine: each image's decoder gradients are met with m where they are
/// computed and never stored. For one thread at a time; make one a thread.
class GRADSPACE_API GradConScorer {
 public:
  /// The paper's weight of the gradient in the score: four times that in training.
  static constexpr double kGradientWeight = 0.12;

  /// Throws InvalidArgument for a detector that does not validate or a weight that is not finite.
  explicit GradConScorer(const GradConDetector& detector, double gradient_weight = kGradientWeight,
                         InstructionSet set = InstructionSet::kBest);
  ~GradConScorer();
  GradConScorer(GradConScorer&&) noexcept;
  GradConScorer& operator=(GradConScorer&&) noexcept;

  /// Images of any size, grey or colour; each is resized to the model's input.
  std::vector<GradConScore> score(std::span<const Image> images);

  /// Images that have the model's input extent already, HWC, one after the other.
  std::vector<GradConScore> score_prepared(std::span<const std::uint8_t> images_u8_nhwc);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Of the clean validation images, in their order.
GRADSPACE_API std::vector<GradConScore> clean_scores(
    const GradConDetector& detector, double gradient_weight = GradConScorer::kGradientWeight);

/// The threshold at which a clean image is called out of distribution with a probability of at most
/// `false_alarms`, by `calibrate_threshold` on the clean validation images. Throws as that does.
GRADSPACE_API double calibrated_threshold(const GradConDetector& detector, double false_alarms,
                                          double gradient_weight = GradConScorer::kGradientWeight);

/// Means over images; cosines are of batches, as they are in training.
struct GradConEpoch {
  int epoch = 0;  ///< from 1
  double train_loss = 0;
  double train_error = 0;
  double train_cosine = 0;
  double train_kld = 0;
  double validation_loss = 0;
  double validation_error = 0;
  double validation_cosine = 0;
  double validation_kld = 0;
  bool best = false;   ///< the least validation loss so far
  double seconds = 0;  ///< since the run (or its continuation) began
};

/// The history as CSV with a header line of the fields' names. Digits round-trip.
GRADSPACE_API std::string gradcon_training_csv(std::span<const GradConEpoch> epochs);

struct GradConObserver {
  std::function<void(const TrainProgress&)> on_step;
  std::function<void(const GradConEpoch&)> on_epoch;
  /// Asked after every step; true ends training: an unfinished epoch is given up, the best weights
  /// so far and the checkpoint are kept.
  std::function<bool()> stop_requested;
};

struct GradConTrainResult {
  /// Weights and m of the best epoch. The model's metadata has "training" and "preprocessing", as
  /// `train_autoencoder` writes them; a resumed run's is that of an uninterrupted one.
  GradConDetector detector;
  std::vector<GradConEpoch> epochs;  ///< with those before a resumption
  int best_epoch = 0;                ///< 0: stopped before one was finished
  bool stopped = false;              ///< on request, before the last epoch
};

/// Trains on the native engine, from `initialise(spec, options.seed)`, and scores the validation
/// images. Results do not depend on the number of threads; a run continued from its checkpoint ends
/// with the bits of an uninterrupted one. A last short batch is a short batch. Throws
/// InvalidArgument, IoError, FormatError; Error naming epoch and step when the loss is no longer
/// finite.
GRADSPACE_API GradConTrainResult train_gradcon(const AutoencoderSpec& spec, const ImageStore& train,
                                               const ImageStore& validation,
                                               const GradConOptions& options,
                                               const GradConObserver& observer = {});

}  // namespace gradspace
