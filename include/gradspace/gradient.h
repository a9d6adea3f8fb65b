// Per-image weight gradients of an autoencoder's losses: the features gradspace is about.
//
// Evaluation mode: z = mu. For image x with reconstruction x':
//   BCE  = -sum(x log x' + (1 - x) log(1 - x')), each logarithm clamped at -100 as PyTorch does
//   KLD  = -1/2 sum(1 + logvar - mu^2 - exp(logvar))
//   ELBO = BCE + KLD
// (paper, section 3). A gradient is of one image's summed loss by one layer's weight; biases are not
// used. Gradients that are zero by structure (BCE by fc12; KLD by fc2 and every up layer) are exactly
// zero. A batch gives what a loop over its images gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/feature_block.h"
#include "gradspace/model.h"

namespace gradspace {

/// The blocks that a request stands for, in the order asked, columns assigned.
/// Request: comma-separated `layer:loss` ("down.6:kld,up.6:bce"), `mu`, `logvar`, `all` (every weight
/// layer with bce, then, where there is a bottleneck, every one with kld), `all:LOSS`. Of a model with several
/// members a term stands for that of each; "down.6:kld#2" is that of member 2 alone. The blocks of a member lie
/// side by side, in the order asked. Throws
/// InvalidArgument naming the valid layers and losses; also for kld, elbo, mu and logvar of a model
/// without bottleneck, for a member that there is not, and for a block asked for twice.
GRADSPACE_API std::vector<FeatureBlock> parse_features(std::string_view request,
                                                       const AutoencoderSpec& spec,
                                                       std::size_t members = 1);

/// The paper's features of the last encoder and decoder layers: "down.6:kld,up.6:bce" for the default;
/// without a bottleneck the decoder's alone.
GRADSPACE_API std::string proposed_features(const AutoencoderSpec& spec);

/// A projection of the blocks to `columns` columns, each member's by itself: one block a member. Features so projected
/// are made by the same backends, and a detector of them scores images. Throws InvalidArgument unless there are more
/// features than columns, and at least one.
GRADSPACE_API std::vector<FeatureBlock> project_features(std::span<const FeatureBlock> blocks,
                                                         std::size_t columns, std::uint64_t seed);

/// Images for a backend, viewed: they outlive the batch. Bytes or floats, never both.
class GRADSPACE_API ImageBatch {
 public:
  /// No images.
  ImageBatch() = default;
  /// Bytes, which a backend divides by 255: [count, H, W, C]. Throws InvalidArgument unless they are
  /// `count` images of one size; the backend throws when that is not its model's.
  static ImageBatch of_u8(std::span<const std::uint8_t> images_nhwc, std::size_t count);
  /// Floats within [0,1]: [count, C, H, W]. Throws as `of_u8`; the backend throws for values outside.
  static ImageBatch of_float(std::span<const float> images_nchw, std::size_t count);

  std::size_t count() const { return count_; }
  /// The one that is not used is empty.
  std::span<const std::uint8_t> u8_nhwc() const { return u8_nhwc_; }
  std::span<const float> f32_nchw() const { return f32_nchw_; }

 private:
  std::size_t count_ = 0;
  std::span<const std::uint8_t> u8_nhwc_;
  std::span<const float> f32_nchw_;
};

/// Where results go, viewed; an empty span means "not wanted", and is not computed. n = batch.count().
struct GradientOutputs {
  std::span<float> features;        ///< [n, dimension()]
  std::span<float> block_norms;     ///< [n, blocks], Euclidean norm of each block
  std::span<float> bce;             ///< [n]
  std::span<float> kld;             ///< [n]; zero without bottleneck
  std::span<float> mu;              ///< [n, latent]
  std::span<float> logvar;          ///< [n, latent]
  std::span<float> reconstruction;  ///< [n, C, H, W]
  std::span<double> squared_error;  ///< [n], mean over the pixels; by the native engine alone
  /// [n]: of the squared error's gradient with the model's mean gradients, mean over the up layers
  /// (gradcon.h); by the native engine alone, and for a model that has mean gradients.
  std::span<double> cosine;
};

/// Computes the asked blocks. One object is for one thread at a time; make one a thread.
class GRADSPACE_API GradientBackend {
 public:
  virtual ~GradientBackend() = default;

  virtual std::span<const FeatureBlock> blocks() const = 0;

  /// Throws InvalidArgument when the images' or an output's size does not fit, an output is not possible,
  /// or pixels are not
  /// within [0,1].
  virtual void run(const ImageBatch& batch, const GradientOutputs& outputs) = 0;
};

/// What a backend for these blocks and models of this description checks first. Throws as
/// `GradientBackend::run` does.
GRADSPACE_API void check_run(const ImageBatch& batch, const GradientOutputs& outputs,
                             std::span<const FeatureBlock> blocks, const AutoencoderSpec& spec);

/// Instruction sets of the native engine.
enum class InstructionSet { kBest, kSse4, kAvx2, kAvx512, kNeon };

/// "best", "sse4", "avx2", "avx512", "neon".
GRADSPACE_API std::string_view name(InstructionSet set);

/// Those that the engine has and this processor can run, the best one first; empty where there is but
/// portable code, which kBest then stands for.
GRADSPACE_API std::vector<InstructionSet> available_instruction_sets();

/// The native SIMD engine (src/gradient). Of a model with several members it is `make_members_backend`'s. Throws
/// InvalidArgument for a model that does not validate, or an instruction set that this processor lacks.
GRADSPACE_API std::unique_ptr<GradientBackend> make_native_backend(
    const Model& model, std::vector<FeatureBlock> blocks,
    InstructionSet set = InstructionSet::kBest);

/// Makes a backend for one autoencoder; its blocks are of member 0.
using MemberBackendFactory =
    std::function<std::unique_ptr<GradientBackend>(const Model& member, std::vector<FeatureBlock>)>;

/// Gradients of all the members that the blocks are of, by a backend each. The losses are means over those members;
/// of the other outputs, which belong to one autoencoder, there are none (InvalidArgument): observe its members one by
/// one for them. Without blocks it is the first member's. Throws InvalidArgument where the blocks are of a
/// member that the model does not have, or do not follow one another.
GRADSPACE_API std::unique_ptr<GradientBackend> make_members_backend(
    const Model& model, std::vector<FeatureBlock> blocks, const MemberBackendFactory& make);

}  // namespace gradspace
