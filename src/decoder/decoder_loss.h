// The loss of the sparse linear decoder over many patches, and its gradient.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "decoder/preparation.h"
#include "gradspace/decoder_training.h"

namespace gradspace::quality {

/// What the decoder learns, in one vector: W1 [400, 192], W2 [192, 400], b1 [400], b2 [192].
inline constexpr std::size_t kDecoderWeights = LinearDecoder::kVisible * LinearDecoder::kHidden;
inline constexpr std::size_t kDecoderParameters =
    2 * kDecoderWeights + LinearDecoder::kHidden + LinearDecoder::kVisible;

class DecoderLoss {
 public:
  /// `whitened` must outlive it. Of the options it reads rho, decay and beta. Throws InvalidArgument
  /// when there is no patch.
  DecoderLoss(const Patches& whitened, const DecoderTrainingOptions& options);
  ~DecoderLoss();
  DecoderLoss(const DecoderLoss&) = delete;
  DecoderLoss& operator=(const DecoderLoss&) = delete;

  /// Both spans have kDecoderParameters values. Works on all cores; the result does not depend on
  /// their number. Not finite where a hidden unit is the same 0 or 1 on all patches.
  DecoderLossValue evaluate(std::span<const float> parameters, std::span<float> gradient);

 private:
  struct Slice;

  void run_hidden(std::span<const float> parameters);
  void run_visible(std::span<const float> parameters, std::span<const float> sparsity_slopes);
  /// Of each hidden unit, over all patches.
  std::vector<double> mean_activations() const;
  void gather_gradient(std::span<const float> parameters, std::span<float> gradient);

  const Patches& patches_;
  double rho_;
  double decay_;
  double beta_;
  std::vector<float> hidden_;  ///< [patches, 400]
  std::vector<Slice> slices_;
};

}  // namespace gradspace::quality
