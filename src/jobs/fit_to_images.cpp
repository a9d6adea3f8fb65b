// One-class methods, fitted to images.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "core/arena.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/watched.h"
#include "data/hold_out.h"
#include "data/scenes.h"
#include "detect/hold_out.h"
#include "detect/observation.h"
#include "detect/one_class/method.h"
#include "detect/one_class_fit.h"
#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/train.h"
#include "jobs/options.h"

namespace gradspace {
namespace {

/// What fitting will take, where that is much.
std::string memory_remark(const std::string& method, const AutoencoderSpec& spec) {
  constexpr std::uint64_t kMuch = std::uint64_t{1} << 28;
  const std::uint64_t bytes = one_class_memory(method, spec);
  return bytes < kMuch ? std::string()
                       : fmt::format("{}: its covariance takes {:.1f} GiB of memory", method,
                                     static_cast<double>(bytes) / (std::uint64_t{1} << 30));
}

/// What becomes of files before they are looked at.
struct Fitting {
  const Extent& input;
  Decoding decoding;
};

std::shared_ptr<const ImageStore> load_images(const Source& source, const Fitting& fitting,
                                              Watched& watched) {
  auto images = std::make_shared<const ImageStore>(
      source, fitting.input,
      [&](std::size_t done, std::size_t total) { watched.progress(done, total); },
      fitting.decoding);
  for (const std::string& failure : images->failures()) {
    watched.failure(failure);
  }
  return images;
}

/// What a model of one autoencoder says of images, or, where it is null, the pixels alone; the observations hold on to
/// the pixels.
Observations observe_images(const std::shared_ptr<const ImageStore>& images, const Model* member,
                            const AutoencoderSpec& spec, const ObservationNeeds& needs) {
  Observations observed =
      observe_by(native_backends(member), needs, spec, images->images(0, images->size()));
  observed.pixels_owner = images;
  return observed;
}

/// Clean images in memory. Validation images are those of their own source, or held out of the clean ones.
class CleanImageSets {
 public:
  CleanImageSets(const CleanSources& sources, const Fitting& fitting, std::uint64_t seed,
                 Watched& watched) {
    const Source& all = sources.clean;
    const HoldOut hold_out = sources.hold_out.value_or(default_hold_out(all.size()));
    if (sources.validation != nullptr) {
      train_ = load_images(all, fitting, watched);
      validation_ = load_images(*sources.validation, fitting, watched);
    } else if (hold_out == HoldOut::kRandom) {
      train_ = load_images(all, fitting, watched);
      positions_ = hold_out_positions(train_->size(), seed, HoldOutOf::kInliers);
    } else {
      constexpr std::uint32_t kHeldFolds = 2;  // of ten
      std::vector<std::uint32_t> candidates(all.size());
      std::iota(candidates.begin(), candidates.end(), 0U);
      const SplitPositions split =
          split_positions(all, candidates, hold_out, kHeldFolds,
                          combine(seed, static_cast<std::uint64_t>(HoldOutOf::kInliers)));
      const std::shared_ptr<const Source> lent(&all, [](const Source*) {});
      train_ = load_images(*select(lent, split.kept), fitting, watched);
      validation_ = load_images(*select(lent, split.held), fitting, watched);
    }
  }

  CleanObservations observe(const Model* member, const AutoencoderSpec& spec,
                            const ObservationNeeds& needs) const {
    Observations train = observe_images(train_, member, spec, needs);
    if (validation_ != nullptr) {
      return {std::move(train), observe_images(validation_, member, spec, needs)};
    }
    return {select(train, positions_.kept), select(train, positions_.held)};
  }

 private:
  std::shared_ptr<const ImageStore> train_;
  std::shared_ptr<const ImageStore> validation_;  ///< null where it is `positions_` of the others
  HeldOutPositions positions_;
};

std::vector<Look> looks_of(const Observations& images) {
  std::vector<Look> looks(images.count);
  const Extent& extent = images.input;
  parallel_for(looks.size(), [&](std::size_t i) {
    const std::span<const std::uint8_t> pixels =
        images.pixels.subspan(i * extent.size(), extent.size());
    looks[i] = look_at(ImageView(pixels, extent.width, extent.height, extent.channels,
                                 extent.size() / static_cast<std::size_t>(extent.height)));
  });
  return looks;
}

/// What looks at clean images: a model's autoencoders one after the other, or, where there is none, nothing but their
/// size.
struct Beholder {
  const AutoencoderSpec& spec;  ///< without a model, its input alone
  const Model* model = nullptr;

  /// The model's, where there is one.
  Decoding decoding(const CleanSources& sources) const {
    return model == nullptr ? sources.decoding
                            : decoding_in(model->metadata).value_or(Decoding::kExact);
  }
};

/// Fits to what each member says; the first one's pixels are looked at for near-copies.
Detector fit_to_sets(const Beholder& beholder, const CleanImageSets& images,
                     const OneClassOptions& options, Watched& watched) {
  const ObservationNeeds needs = one_class_method(options.method).needs(beholder.spec);
  bool looked_at = false;
  return fit_by_members(beholder.model, beholder.spec, options, [&](const Model* member) {
    CleanObservations clean = images.observe(member, beholder.spec, needs);
    if (!std::exchange(looked_at, true)) {
      remark_on_held_copies(looks_of(clean.train), looks_of(clean.validation), watched);
    }
    return clean;
  });
}

Detector fit_observed(const Beholder& beholder, const CleanSources& sources,
                      const OneClassOptions& options, int threads, const JobObserver& observer) {
  options.validate();
  require_threads(threads, "fit");
  const OneClassMethod& method = one_class_method(options.method);
  if (method.needs_model && beholder.model == nullptr) {
    throw InvalidArgument(fmt::format("fit: {} wants a model", options.method));
  }
  Watched watched(observer);
  return in_arena(threads, [&] {
    const AutoencoderSpec& spec = beholder.spec;
    check_memory(method, spec, options.memory_gib);
    watched.remark(memory_remark(options.method, spec));
    watched.remark(shrinking_remark(sources.clean, spec.input.width, spec.input.height));
    const Decoding decoding = beholder.decoding(sources);
    const CleanImageSets images(sources, {spec.input, decoding}, options.seed, watched);
    Detector detector = fit_to_sets(beholder, images, options, watched);
    record_decoding(decoding, detector.metadata);
    return detector;
  });
}

}  // namespace

Detector fit_to_images(const Model& model, const CleanSources& sources,
                       const OneClassOptions& options, int threads, const JobObserver& observer) {
  return fit_observed({model.spec, &model}, sources, options, threads, observer);
}

Detector fit_to_images(const Extent& input, const CleanSources& sources,
                       const OneClassOptions& options, int threads, const JobObserver& observer) {
  require_input(input, "fit");
  AutoencoderSpec images_alone;
  images_alone.input = input;
  return fit_observed({images_alone}, sources, options, threads, observer);
}

}  // namespace gradspace
