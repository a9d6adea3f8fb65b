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
// A variational autoencoder (latent > 0) is trained with
//   loss + kld_weight / pixels * (mean KLD of an image):
// the ELBO of a Gaussian decoder of pixel variance kld_weight / 2, scaled.
//
// m is as in the released code. In the paper's text it is the mean of g_l, of E's gradients alone, for
// which `mean_of_loss` is false; that detects worse (docs/gradcon.md). Deviations from the released
// code: the best epoch is chosen from all (there from every fifth); a cosine with a zero vector is 0.
//
// How images are scored: gradcon_detector.h.
#pragma once

#include "gradspace/export.h"
#include "gradspace/model.h"
#include "gradspace/train.h"

namespace gradspace {

/// The paper's autoencoder: 28x28 images of 1 or 3 channels, 32-32-64-64 channels, kernel 4, stride
/// 2; `latent` variables (the paper's VAE: 576) or, at 0, no bottleneck.
GRADSPACE_API AutoencoderSpec gradcon_autoencoder(int channels, int latent = 0);

/// The loop's options as the released code has them: 1000 epochs, 64 images a step.
GRADSPACE_API TrainOptions gradcon_training();

/// Trains on the native engine, from `initialise(spec, options.seed)`: the model has mean gradients.
/// `options.beta` and `options.backend` are not used. Results do not depend on the number of threads.
/// Throws as `train_autoencoder`.
GRADSPACE_API TrainResult train_gradcon(const AutoencoderSpec& spec, const ImageStore& train,
                                        const ImageStore& validation, const TrainOptions& options,
                                        const GradConOptions& gradcon = {},
                                        const TrainObserver& observer = {});

}  // namespace gradspace
