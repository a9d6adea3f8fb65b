// Trains the sparse linear decoder on photographs.
//
// The loss over m patches x, with h = sigmoid(W1 x + b1) and x' = W2 h + b2:
//   1/(2m) sum |x' - x|^2 + decay/2 (|W1|^2 + |W2|^2) + beta sum_j KL(rho || mean of h_j)
// (Ng, "Sparse autoencoder", 2011; the constants are UNIQUE's, Temel et al. 2016). Its sparsity term
// couples all patches, so every step looks at all of them: L-BFGS. Over 10 000 patches it has the loss
// down to 1.46 after 100 passes (13 s on one core); Adam on batches of 2000 patches to 3.35 at its
// best learning rate of 0.003, 0.01 and 0.03 (20 s): the biases have far to go from 0 to about -3.4.
// bench/quality/optimiser_bench.cpp repeats that.
//
// Patches: of each photograph equally many, at random places, from the halved picture in luma, green
// and red difference within [0, 1]; then their mean patch is taken off and they are whitened (ZCA,
// 0.1 added to the eigenvalues) by the covariance of all of them. W1 and W2 start uniform within
// +-sqrt(6/593), the biases at 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/linear_decoder.h"
#include "gradspace/source.h"

namespace gradspace {

struct GRADSPACE_API DecoderTrainingOptions {
  int patches = 100'000;  ///< drawn from all photographs; the UNIQUE paper's number
  int iterations = 400;   ///< of L-BFGS; each is little over one pass over the patches
  /// Photographs whose longer side is over this are halved until it is not, before the halving that
  /// belongs to the method: detail of the scale that pictures in quality databases have. 0 = never.
  int max_side = 1024;
  double rho = 0.035;      ///< wanted mean activation, within (0, 1)
  double decay = 3e-3;     ///< weight of the squared weights
  double beta = 5;         ///< weight of the sparsity term
  std::uint64_t seed = 0;  ///< places of the patches, initial weights
  /// Written now and then, and on a stop; empty = never.
  std::filesystem::path checkpoint;
  /// Go on from the checkpoint where there is one; it must be of the same options (but for the
  /// number of iterations) and photographs.
  bool resume = false;
  int threads = 0;  ///< 0 = all cores

  /// Throws InvalidArgument.
  void validate() const;
};

/// The loss and its parts.
struct DecoderLossValue {
  double reconstruction = 0;
  double decay = 0;
  double sparsity = 0;

  double total() const { return reconstruction + decay + sparsity; }
};

struct DecoderTrainingObserver {
  std::function<void(std::size_t done, std::size_t total)> on_photo;
  std::function<void(int iteration, int iterations, const DecoderLossValue& loss)> on_iteration;
  /// Asked after each iteration; true ends the training, whose state is in the checkpoint.
  std::function<bool()> stop_requested;
};

struct DecoderTrainingResult {
  /// Metadata "training" (options, photographs, loss) and "preprocessing". Nothing in it depends on
  /// the clock or the number of threads: a resumed run's file is that of an uninterrupted one, byte
  /// for byte.
  LinearDecoder decoder;
  DecoderLossValue loss;
  int iterations = 0;  ///< done, with those before a resumption
  /// On request, before the last iteration. (A run that can get no lower ends early without it.)
  bool stopped = false;
  /// Photographs left out, a line each: unreadable, or too small.
  std::vector<std::string> failures;
};

/// Memory: about 240 MB for 100 000 patches. Throws InvalidArgument, IoError (also while another training
/// holds the lock of this checkpoint, see output_lock.h), FormatError (a damaged
/// checkpoint); also when no photograph can be used.
GRADSPACE_API DecoderTrainingResult train_decoder(const Source& photographs,
                                                  const DecoderTrainingOptions& options,
                                                  const DecoderTrainingObserver& observer = {});

}  // namespace gradspace
