// One-class detectors: learned from clean images alone.
//
// A detector looks at observations: an image's pixels and what the model says of it. It is fitted to
// observations of clean images; it may distort those itself to see what it should reject, but is
// shown no image from outside. Its score is larger for images further out of distribution; scales
// differ from method to method.
//
// The methods are listed in docs/one-class.md; a new one is a file in src/detect/one_class and a line
// in its registry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gradspace/borrowed.h"
#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/gradient.h"
#include "gradspace/model.h"

namespace gradspace {

/// What is asked of a model for each image, beside the two losses.
struct ObservationNeeds {
  std::vector<FeatureBlock> blocks;  ///< columns from 0, as the backend that observes has them
  bool gradients = false;            ///< the blocks' values
  bool norms = false;                ///< the blocks' Euclidean norms
  bool latent = false;               ///< mu and logvar
  bool reconstruction = false;
  bool alignment = false;  ///< squared error, and cosine with the model's mean gradients
};

/// What serves both: blocks that are in both stand once.
GRADSPACE_API ObservationNeeds merge(const ObservationNeeds& a, const ObservationNeeds& b);

/// Images and what a model says of them, row by row; what was not asked for is empty. The pixels are
/// viewed, not copied.
struct Observations {
  Extent input;
  std::size_t count = 0;
  std::size_t latent = 0;                ///< width of mu and logvar
  std::vector<FeatureBlock> blocks;      ///< columns of `gradients`, in the order of `norms`
  std::span<const std::uint8_t> pixels;  ///< [count, H, W, C]
  /// Holds the pixels where nobody else does. Set by `select`; whoever lets go of the images that were
  /// observed before the observations sets it too.
  std::shared_ptr<const void> pixels_owner;
  std::vector<float> bce;
  std::vector<float> kld;
  std::vector<float> gradients;       ///< [count, dimension(blocks)]
  std::vector<float> norms;           ///< [count, blocks]
  std::vector<float> mu;              ///< [count, latent]
  std::vector<float> logvar;          ///< [count, latent]
  std::vector<float> reconstruction;  ///< [count, C, H, W]
  std::vector<double> squared_error;  ///< as in GradientOutputs, cosine too
  std::vector<double> cosine;
};

/// Observes images of the model's input extent, [n, H, W, C], which outlive the observations (those of
/// a temporary vector do not compile). The backend must compute `needs.blocks`. Throws InvalidArgument
/// when it does not, or the bytes are no whole number of images.
GRADSPACE_API Observations observe(GradientBackend& backend, const ObservationNeeds& needs,
                                   const AutoencoderSpec& spec,
                                   std::span<const std::uint8_t> images_u8_nhwc);

/// The same on all cores, a backend each; `make_backend` is called by several threads.
GRADSPACE_API Observations
observe(const std::function<std::unique_ptr<GradientBackend>()>& make_backend,
        const ObservationNeeds& needs, const AutoencoderSpec& spec,
        std::span<const std::uint8_t> images_u8_nhwc);

/// Images of this extent, alone: no model says anything of them, so that the losses are empty, too.
GRADSPACE_API Observations observe_pixels(const Extent& input,
                                          std::span<const std::uint8_t> images_u8_nhwc);

Observations observe_pixels(const Extent& input, std::vector<std::uint8_t>&& images) = delete;
Observations observe(GradientBackend& backend, const ObservationNeeds& needs,
                     const AutoencoderSpec& spec, std::vector<std::uint8_t>&& images) = delete;
Observations observe(const std::function<std::unique_ptr<GradientBackend>()>& make_backend,
                     const ObservationNeeds& needs, const AutoencoderSpec& spec,
                     std::vector<std::uint8_t>&& images) = delete;

/// The rows at the given positions, copied.
GRADSPACE_API Observations select(const Observations& all,
                                  std::span<const std::uint32_t> positions);

/// Gradients out of observations, [count, dimension of the blocks].
struct ObservedGradients {
  FeatureView rows;
  std::vector<float> gathered;  ///< what `rows` views, where the blocks do not lie side by side

  explicit ObservedGradients(const FeatureView& side_by_side) : rows(side_by_side) {}
  ObservedGradients(std::vector<float> values, std::size_t count, std::size_t columns)
      : rows{values.data(), count, columns, columns}, gathered(std::move(values)) {}
  ObservedGradients(const ObservedGradients&) = delete;
  ObservedGradients& operator=(const ObservedGradients&) = delete;
  ObservedGradients(ObservedGradients&&) = default;
  ObservedGradients& operator=(ObservedGradients&&) = default;
  ~ObservedGradients() = default;
};

/// The gradients of `wanted`, viewed where they lie side by side in the observations, which then outlive
/// the result; and their norms, [count, wanted.size()]. Throw InvalidArgument naming the block that was
/// not observed.
GRADSPACE_API ObservedGradients gradients_of(const Observations& observations,
                                             std::span<const FeatureBlock> wanted);
GRADSPACE_API std::vector<float> norms_of(const Observations& observations,
                                          std::span<const FeatureBlock> wanted);

/// Memory that score functions work in, kept from call to call (src/detect/score_memory.h).
struct ScoreMemory;

/// A fitted detector at work. Thread-safe.
class GRADSPACE_API ScoreFunction {
 public:
  virtual ~ScoreFunction() = default;

  virtual const ObservationNeeds& needs() const = 0;
  /// One score an image, larger = more out of distribution; never NaN. No images have no scores.
  virtual std::vector<double> score(const Observations& observations) const = 0;
  /// The same into `scores`, which are as many as the images. The methods of gradients, and the paper's classifier,
  /// allocate nothing once `memory` has grown; it is for one thread at a time.
  virtual void score_into(const Observations& observations, ScoreMemory& memory,
                          std::span<double> scores) const;
};

/// Any detector of one member that looks at images whole, the paper's classifier too; a Scorer takes those of several.
/// Throws InvalidArgument for others, when its method is not known, its tensors do not fit, or it was made for images
/// of another extent.
GRADSPACE_API std::unique_ptr<ScoreFunction> load_score_function(const Detector& detector,
                                                                 const AutoencoderSpec& spec);

/// Of a detector that needs no model, which says itself what images it takes: their extent. Throws InvalidArgument
/// when its method needs a model, or what it says can't be read.
GRADSPACE_API Extent input_of(const Detector& detector);

/// The score function of a detector that needs no model. Throws InvalidArgument as `input_of`.
GRADSPACE_API std::unique_ptr<ScoreFunction> load_score_function(const Detector& detector);

struct OneClassMethodInfo {
  std::string name;     ///< "image-statistics"
  std::string summary;  ///< one line
  /// Takes any model; else (gradcon) one that was trained for it.
  bool any_model = true;
  bool needs_model = true;  ///< else it looks at the pixels alone
};

/// All methods, in the order of their tables.
GRADSPACE_API std::vector<OneClassMethodInfo> one_class_methods();

/// What fitting a method takes for the covariance of its columns, in bytes; 0 for methods whose columns are few
/// whatever the model. Throws InvalidArgument for a name that is not known.
GRADSPACE_API std::uint64_t one_class_memory(std::string_view method, const AutoencoderSpec& spec);

/// Whether `name` is one of them.
GRADSPACE_API bool is_one_class_method(std::string_view name);

/// What the named methods need together. Throws InvalidArgument that lists the valid names.
GRADSPACE_API ObservationNeeds one_class_needs(std::span<const std::string> methods,
                                               const AutoencoderSpec& spec);

struct GRADSPACE_API OneClassOptions {
  std::string method = "pseudo-outliers";
  double false_alarms = 0.01;  ///< share of clean images called out at the detector's threshold
  std::uint64_t seed = 0;      ///< of whatever is drawn: held-out rows, distortions, orders
  /// Families of distorted copies for the methods that learn from such: occlusion, tone, filter, noise,
  /// colour, light; empty = all.
  std::vector<std::string> distortions = {};
  /// The most that fitting may take for a covariance, in GiB: of n columns it takes 40 n^2 bytes, which of
  /// 65 536 gradients are 160 GiB. Over it the method is refused before any image is observed.
  double memory_gib = 4;

  /// Throws InvalidArgument.
  void validate() const;
};

/// Clean images as they are observed by the model of `spec`. The two sets have no image in common.
struct OneClassData {
  Borrowed<AutoencoderSpec> spec;  ///< without a model, its input counts alone
  std::string model_sha256;        ///< empty without a model
  Borrowed<Observations> train;
  Borrowed<Observations> validation;  ///< sets the threshold, nothing else
  /// Makes backends for methods that observe images of their own. Empty without a model.
  std::function<std::unique_ptr<GradientBackend>(std::vector<FeatureBlock>)> make_backend;
};

/// Fits to `train` and calibrates on `validation`. Throws InvalidArgument when the method is not
/// known or not possible with this model, its covariance takes more memory than the options allow (the message
/// names methods that take less), features are the same for every image, or there are too few images for the
/// rate of false alarms (the message says how many are needed).
GRADSPACE_API Detector fit_one_class(const OneClassData& data, const OneClassOptions& options);

}  // namespace gradspace
