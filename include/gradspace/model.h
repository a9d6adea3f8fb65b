// The autoencoder: its description, its weights, and the file that holds both.
//
// A description is a chain
//   input [C,H,W] -> down[0..] (Conv2d, ReLU after each) -> flatten
//         -> fc11 = mu, fc12 = logvar (Linear)  -> z -> fc2 (Linear, no activation) -> reshape
//         -> up[0..] (ConvTranspose2d, ReLU between, sigmoid after the last) -> [C,H,W]
// With `latent` 0 there is no bottleneck: the encoder's output goes straight into the decoder, and
// there is no mu, no logvar and no KLD. Parameters bear PyTorch's names: down.0, down.2, ... (the
// activations count), fc11, fc12, fc2, up.0, up.2, ..., each with .weight and .bias.
//
// The default is the paper's VAE: 3x28x28, 3-3-6-9-12 channels, latent 20.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/tensor.h"

namespace gradspace {

/// The largest model: 1 GiB of weights, and 256 MiB for one image's activations in one layer.
inline constexpr std::size_t kMaxWeights = std::size_t{1} << 28;
inline constexpr std::size_t kMaxActivations = std::size_t{1} << 26;

/// A Conv2d, or a ConvTranspose2d (which alone uses output_padding). Square kernels.
struct ConvSpec {
  int out_channels = 0;
  int kernel = 4;
  int stride = 2;
  int padding = 2;
  int output_padding = 0;

  friend bool operator==(const ConvSpec&, const ConvSpec&) = default;
};

/// Channels, height and width of one image's activations.
struct GRADSPACE_API Extent {
  int channels = 0;
  int height = 0;
  int width = 0;

  std::size_t size() const {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(width);
  }
  friend bool operator==(const Extent&, const Extent&) = default;
};

struct GRADSPACE_API AutoencoderSpec {
  Extent input{3, 28, 28};
  std::vector<ConvSpec> down{{3}, {6}, {9}, {12}};
  /// Number of latent variables; 0 leaves the bottleneck out.
  int latent = 20;
  std::vector<ConvSpec> up{{9, 4, 2, 2}, {6, 4, 2, 1}, {3, 4, 2, 2}, {3, 4, 2, 1}};

  /// Throws InvalidArgument, naming the layer, when the shapes do not chain from the input back to
  /// the input's own shape; an extent, a kernel or a stride is not within 1 to 65536; a padding is
  /// not under its kernel; an output padding is not under its stride, or not 0 in a down layer;
  /// `down` or `up` is empty; or the model is over kMaxWeights or kMaxActivations.
  void validate() const;

  friend bool operator==(const AutoencoderSpec&, const AutoencoderSpec&) = default;
};

/// The default autoencoder for images of another size or another number of channels: the same layers, with paddings
/// that give the input's size back. Throws InvalidArgument for a size that they can't give, and as `validate`.
GRADSPACE_API AutoencoderSpec autoencoder_for(int width, int height, int channels = 3);

/// A layer with weights, in the order of the forward pass.
struct LayerInfo {
  enum class Kind { kConv, kConvTranspose, kLinear };
  std::string name;  ///< "down.6"
  Kind kind;
  ConvSpec conv;  ///< for the two convolutions
  Extent in;      ///< for kLinear: {features, 1, 1}
  Extent out;
  /// Conv2d [out,in,k,k], ConvTranspose2d [in,out,k,k], Linear [out,in].
  std::vector<std::int64_t> weight_shape;
  std::vector<std::int64_t> bias_shape;
};

/// down..., fc11, fc12, fc2, up... with all shapes worked out. Validates.
GRADSPACE_API std::vector<LayerInfo> layers(const AutoencoderSpec& spec);

/// The description as JSON: {"input": [3, 28, 28], "down": [{"out_channels": 3, "kernel": 4,
/// "stride": 2, "padding": 2}, ...], "latent": 20, "up": [...]}. Keys left out take the defaults of
/// AutoencoderSpec and ConvSpec (out_channels alone must be there); an unknown key throws. The result
/// of parsing is validated. `name` stands in messages. Throws FormatError; IoError.
GRADSPACE_API std::string to_json(const AutoencoderSpec& spec);
GRADSPACE_API AutoencoderSpec parse_autoencoder_spec(std::string_view json, std::string_view name);
GRADSPACE_API AutoencoderSpec read_autoencoder_spec(const std::filesystem::path& path);

/// The file that a model was read from.
struct ModelFile {
  std::string sha256;         ///< of its bytes, lower-case hex; empty for a model made in memory
  std::uint64_t content = 0;  ///< of what was read: tells whether the model has been changed since
};

/// The most autoencoders that a model may have.
inline constexpr std::size_t kMaxMembers = 64;

/// What the names of a member's tensors begin with, in files and in detectors of several: "member.2.".
GRADSPACE_API std::string member_prefix(std::size_t member);

/// The seed of what a member is made with. The first one's is `seed` itself, so that it is what is made without others;
/// those of other members are drawn, so that no member of one seed is one of the next.
GRADSPACE_API std::uint64_t member_seed(std::uint64_t seed, std::size_t member);

/// A further autoencoder of a model that has several.
struct ModelMember {
  TensorMap weights;
  std::string
      training;  ///< its record, as metadata "training" is the first one's; empty where there is none
};

/// A description with its weights. A model may have several autoencoders of one description, its members: trained
/// on the same images from different seeds (train_members.h), and looked at together. `weights`, metadata
/// "training" and `mean_gradients` are the first one's.
struct GRADSPACE_API Model {
  AutoencoderSpec spec;
  TensorMap weights;
  /// What else the file says (training record, seeds, preprocessing), as JSON texts by key.
  std::map<std::string, std::string> metadata;
  /// Set by `read_model`, for `fingerprint`.
  ModelFile file = {};
  /// Of a model trained by GradCon's objective (gradcon.h): the mean gradient of each up layer's weight,
  /// by the weight's name; else empty.
  TensorMap mean_gradients = {};
  /// Empty for one autoencoder alone.
  std::vector<ModelMember> further_members = {};

  std::size_t members() const { return 1 + further_members.size(); }

  /// Throws InvalidArgument naming the tensor when one is missing, superfluous, of another shape, or
  /// holds a NaN or an infinity; and for more than kMaxMembers, or members that are over kMaxWeights together.
  void validate() const;
};

/// One of a model's members, from 0, as a model by itself. Throws InvalidArgument when there is no such member.
GRADSPACE_API Model member_of(const Model& model, std::size_t member);

/// The models, one autoencoder each, as members of one; all but weights and training records is the first one's.
/// Throws InvalidArgument when there are none, they are of different descriptions, or as `Model::validate`.
GRADSPACE_API Model join_members(std::vector<Model> members);

/// What feature sets and detectors know their model by: SHA-256, lower-case hex, of the file that the
/// model was read from; of the file that `write_model` would write where it was made in memory, or has
/// been changed since it was read. Throws InvalidArgument for a model that can't be written.
GRADSPACE_API std::string fingerprint(const Model& model);

/// PyTorch's default initialisation (Kaiming uniform, a = sqrt 5: every weight and bias uniform in
/// +-1/sqrt(fan_in)), drawn from gradspace's own generator, so that every backend starts equal.
GRADSPACE_API Model initialise(const AutoencoderSpec& spec, std::uint64_t seed);

/// Reads and writes `.safetensors` with kind "autoencoder"; mean gradients are named "mean.<weight>", weights of a
/// further member "member.<number>.<weight>", its training record "member.<number>.training".
/// What `write_gradcon` (gradcon_detector.h) wrote is read too. Throws IoError, FormatError.
GRADSPACE_API Model read_model(const std::filesystem::path& path);
GRADSPACE_API void write_model(const std::filesystem::path& path, const Model& model);

/// Reads a checkpoint of the original research code (zip-format `torch.save` of a dict that holds
/// `state_dict`, or of a state dict itself; a `module.` prefix is taken off). The description is
/// worked out from the weights' shapes and must fit `spec`. Throws IoError, FormatError.
GRADSPACE_API Model import_pytorch_checkpoint(const std::filesystem::path& path,
                                              const AutoencoderSpec& spec = AutoencoderSpec{});

}  // namespace gradspace
