#include "gradspace/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "core/arena.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/watched.h"
#include "data/hold_out.h"
#include "data/scenes.h"
#include "detect/classifier_detector.h"
#include "detect/decision.h"
#include "detect/hold_out.h"
#include "detect/observation.h"
#include "detect/one_class/method.h"
#include "detect/one_class_fit.h"
#include "gradspace/error.h"
#include "gradspace/fit_features.h"
#include "gradspace/train.h"
#include "gradspace/train_members.h"
#include "jobs/feature_rows.h"
#include "jobs/options.h"

namespace gradspace {
namespace {

constexpr const char* kClassifier = "classifier";

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

const FeatureBlock& find_block(const std::vector<FeatureBlock>& columns, const std::string& wanted,
                               std::size_t member) {
  const auto found = std::ranges::find_if(columns, [&](FeatureBlock block) {
    return block.member == member && (block.member = 0, text(block) == wanted);
  });
  if (found == columns.end()) {
    throw InvalidArgument(
        fmt::format("features: \"{}\" is not in the set, which holds {}", wanted, text(columns)));
  }
  return *found;
}

}  // namespace

std::vector<FeatureBlock> choose_columns(const FeatureSet& set, const std::string& features) {
  const std::vector<FeatureBlock>& columns = set.meta().columns;
  std::vector<FeatureBlock> chosen;
  if (features.empty()) {
    chosen = columns;
  }
  for (std::size_t member = 0; !features.empty() && member < member_count(columns); ++member) {
    for (const std::string& wanted : split_at_commas(features)) {
      chosen.push_back(find_block(columns, wanted, member));
    }
  }
  std::size_t begin = 0;
  for (FeatureBlock& block : chosen) {
    const std::size_t width = block.end - block.begin;
    block.begin = begin;
    block.end = begin + width;
    begin += width;
  }
  return chosen;
}

namespace {

Rows copied(const FeatureView& all, std::span<const std::uint32_t> positions) {
  Rows rows{{}, all.dimension};
  for (const std::uint32_t position : positions) {
    const auto row = all.row(position);
    rows.values.insert(rows.values.end(), row.begin(), row.end());
  }
  return rows;
}

}  // namespace

ClassData class_data(const Detector& detector, const FeatureSet& training,
                     const FeatureSet* validation, std::uint64_t seed, HoldOutOf what,
                     const std::string& which) {
  ClassData data;
  data.training = detector_view(detector, training, which);
  if (validation != nullptr) {
    data.validation = detector_view(detector, *validation, which + " validation set");
    return data;
  }
  const HeldOutPositions positions = hold_out_positions(data.training.rows, seed, what);
  data.held = {copied(data.training, positions.kept), copied(data.training, positions.held)};
  data.training = data.held.training.view();
  data.validation = data.held.validation.view();
  return data;
}

namespace {

nlohmann::json options_record(const FitOptions& options) {
  nlohmann::json record = {
      {"method", kClassifier},
      {"features", options.features},
      {"epochs", options.classifier.epochs},
      {"batch", options.classifier.batch},
      {"learning_rate", options.classifier.learning_rate},
      {"seed", options.classifier.seed},
      {"false_alarms",
       options.false_alarms ? nlohmann::json(*options.false_alarms) : nlohmann::json(nullptr)}};
  if (options.two_sided) {
    record["two_sided"] = true;
  }
  return record;
}

/// A classifier for one of the model's members, and the epoch that it is of.
struct FittedMember {
  std::optional<Classifier> classifier;
  std::uint64_t seed = 0;
  ClassifierEpoch best = {};

  nlohmann::json record() const {
    return {{"best_epoch", best.epoch},
            {"train_loss", best.train_loss},
            {"validation_loss", best.validation_loss}};
  }
};

/// `in` and `out` have the member's columns alone.
FittedMember fit_member(const ClassData& in, const ClassData& out, std::size_t first,
                        std::size_t count, const ClassifierOptions& options,
                        const std::function<void(const ClassifierEpoch&)>& on_epoch) {
  FittedMember fitted;
  fitted.seed = options.seed;
  const auto watch = [&](const ClassifierEpoch& epoch) {
    if (fitted.best.epoch == 0 || epoch.validation_loss < fitted.best.validation_loss) {
      fitted.best = epoch;
    }
    if (on_epoch) {
      on_epoch(epoch);
    }
  };
  fitted.classifier = train_classifier(
      in.training.columns(first, count), out.training.columns(first, count),
      in.validation.columns(first, count), out.validation.columns(first, count), options, watch);
  return fitted;
}

std::vector<FittedMember> fit_members(const Detector& detector, const ClassData& in,
                                      const ClassData& out, const ClassifierOptions& options,
                                      const std::function<void(const ClassifierEpoch&)>& on_epoch) {
  std::vector<FittedMember> fitted(member_count(detector.columns));
  std::mutex mutex;
  const auto one_at_a_time = [&](const ClassifierEpoch& epoch) {
    const std::scoped_lock lock(mutex);
    on_epoch(epoch);
  };
  parallel_for(fitted.size(), [&](std::size_t member) {
    const auto first = std::ranges::find(detector.columns, member, &FeatureBlock::member)->begin;
    ClassifierOptions own = options;
    own.seed = member_seed(options.seed, member);
    fitted[member] =
        fit_member(in, out, first, dimension(blocks_of_member(detector.columns, member)), own,
                   on_epoch ? one_at_a_time : std::function<void(const ClassifierEpoch&)>());
  });
  return fitted;
}

/// On the threads that the caller chose.
Detector fit_classifier(const FitData& data, const FitOptions& options,
                        const std::function<void(const ClassifierEpoch&)>& on_epoch) {
  Detector detector;
  detector.method = kClassifier;
  detector.model_sha256 = data.inliers->meta().model_sha256;
  detector.columns = choose_columns(data.inliers, options.features);

  const std::uint64_t seed = options.classifier.seed;
  const ClassData in = class_data(detector, data.inliers, data.validation_inliers, seed,
                                  HoldOutOf::kInliers, "inliers");
  const ClassData out = class_data(detector, data.outliers, data.validation_outliers, seed,
                                   HoldOutOf::kOutliers, "outliers");
  const std::vector<FittedMember> fitted =
      fit_members(detector, in, out, options.classifier, on_epoch);
  std::vector<Classifier> classifiers;
  nlohmann::json training = fitted.front().record();
  for (const FittedMember& member : fitted) {
    classifiers.push_back(*member.classifier);
    if (fitted.size() > 1) {
      training["members"].push_back(member.record());
      training["members"].back()["seed"] = member.seed;
    }
  }
  put_classifiers(classifiers, in.validation, {options.two_sided, options.false_alarms}, detector);
  detector.metadata["options"] = dump_json(options_record(options));
  training.update({{"inliers", in.training.rows},
                   {"outliers", out.training.rows},
                   {"validation_inliers", in.validation.rows},
                   {"validation_outliers", out.validation.rows}});
  detector.metadata["training"] = training.dump();
  return detector;
}

/// What fitting will take, where that is much.
std::string memory_remark(const std::string& method, const AutoencoderSpec& spec) {
  constexpr std::uint64_t kMuch = std::uint64_t{1} << 28;
  const std::uint64_t bytes = one_class_memory(method, spec);
  return bytes < kMuch ? std::string()
                       : fmt::format("{}: its covariance takes {:.1f} GiB of memory", method,
                                     static_cast<double>(bytes) / (std::uint64_t{1} << 30));
}

std::shared_ptr<const ImageStore> load_images(const Source& source, const Extent& input,
                                              Watched& watched) {
  auto images = std::make_shared<const ImageStore>(
      source, input, [&](std::size_t done, std::size_t total) { watched.progress(done, total); });
  for (const std::string& failure : images->failures()) {
    watched.failure(failure);
  }
  return images;
}

/// What observes clean images: one autoencoder, or nothing but their size.
struct Eye {
  const AutoencoderSpec& spec;  ///< without a model, its input alone
  const Model* member = nullptr;
};

/// Images as they are observed; the observations hold on to the pixels.
Observations observe_images(const std::shared_ptr<const ImageStore>& images, const Eye& eye,
                            const ObservationNeeds& needs) {
  const std::span<const std::uint8_t> pixels = images->images(0, images->size());
  Observations observed =
      eye.member == nullptr
          ? observe_pixels(eye.spec.input, pixels)
          : observe([&] { return make_native_backend(*eye.member, needs.blocks); }, needs, eye.spec,
                    pixels);
  observed.pixels_owner = images;
  return observed;
}

struct CleanObservations {
  Observations train;
  Observations validation;
};

/// Clean images in memory. Validation images are those of their own source, or held out of the clean ones.
class CleanImageSets {
 public:
  CleanImageSets(const CleanSources& sources, const Extent& input, std::uint64_t seed,
                 Watched& watched) {
    const Source& all = sources.clean;
    const HoldOut hold_out = sources.hold_out.value_or(default_hold_out(all.size()));
    if (sources.validation != nullptr) {
      train_ = load_images(all, input, watched);
      validation_ = load_images(*sources.validation, input, watched);
    } else if (hold_out == HoldOut::kRandom) {
      train_ = load_images(all, input, watched);
      positions_ = hold_out_positions(train_->size(), seed, HoldOutOf::kInliers);
    } else {
      constexpr std::uint32_t kHeldFolds = 2;  // of ten
      std::vector<std::uint32_t> candidates(all.size());
      std::iota(candidates.begin(), candidates.end(), 0U);
      const SplitPositions split =
          split_positions(all, candidates, hold_out, kHeldFolds,
                          combine(seed, static_cast<std::uint64_t>(HoldOutOf::kInliers)));
      const std::shared_ptr<const Source> lent(&all, [](const Source*) {});
      train_ = load_images(*select(lent, split.kept), input, watched);
      validation_ = load_images(*select(lent, split.held), input, watched);
    }
  }

  CleanObservations observe(const Eye& eye, const ObservationNeeds& needs) const {
    Observations train = observe_images(train_, eye, needs);
    if (validation_ != nullptr) {
      return {std::move(train), observe_images(validation_, eye, needs)};
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

/// Fits to what one eye sees after the other; the first one's pixels are looked at for near-copies.
Detector fit_to_sets(std::span<const Eye> eyes, const std::string& model_sha256,
                     const CleanImageSets& images, const OneClassOptions& options,
                     Watched& watched) {
  const ObservationNeeds needs = one_class_method(options.method).needs(eyes.front().spec);
  OneClassFit fit(options, eyes.front().spec);
  for (const Eye& eye : eyes) {
    const CleanObservations clean = images.observe(eye, needs);
    if (&eye == &eyes.front()) {
      remark_on_held_copies(looks_of(clean.train), looks_of(clean.validation), watched);
    }
    OneClassData data{eye.spec, model_sha256, clean.train, clean.validation, {}};
    if (eye.member != nullptr) {
      data.make_backend = [&eye](std::vector<FeatureBlock> blocks) {
        return make_native_backend(*eye.member, std::move(blocks));
      };
    }
    fit.add_member(data);
  }
  return fit.finish();
}

Detector fit_observed(std::span<const Eye> eyes, const std::string& model_sha256,
                      const CleanSources& sources, const OneClassOptions& options, int threads,
                      const JobObserver& observer) {
  Watched watched(observer);
  return in_arena(threads, [&] {
    const AutoencoderSpec& spec = eyes.front().spec;
    check_memory(one_class_method(options.method), spec, options.memory_gib);
    watched.remark(memory_remark(options.method, spec));
    watched.remark(shrinking_remark(sources.clean, spec.input.width, spec.input.height));
    const CleanImageSets images(sources, spec.input, options.seed, watched);
    return fit_to_sets(eyes, model_sha256, images, options, watched);
  });
}

}  // namespace

Detector fit_detector(const FitData& data, const FitOptions& options,
                      const std::function<void(const ClassifierEpoch&)>& on_epoch) {
  require_threads(options.threads, "fit");
  return in_arena(options.threads, [&] { return fit_classifier(data, options, on_epoch); });
}

Detector fit_to_images(const Model& model, const CleanSources& sources,
                       const OneClassOptions& options, int threads, const JobObserver& observer) {
  options.validate();
  require_threads(threads, "fit");
  // What looks at the pixels alone sees the same by each of the members.
  const std::size_t count = one_class_method(options.method).needs_model ? model.members() : 1;
  std::vector<Model> members;
  for (std::size_t i = 0; i < count; ++i) {
    members.push_back(member_of(model, i));
  }
  std::vector<Eye> eyes;
  for (const Model& member : members) {
    eyes.push_back({member.spec, &member});
  }
  return fit_observed(eyes, fingerprint(model), sources, options, threads, observer);
}

Detector fit_to_images(const Extent& input, const CleanSources& sources,
                       const OneClassOptions& options, int threads, const JobObserver& observer) {
  options.validate();
  require_threads(threads, "fit");
  require_input(input, "fit");
  if (one_class_method(options.method).needs_model) {
    throw InvalidArgument(fmt::format("fit: {} wants a model", options.method));
  }
  AutoencoderSpec images_alone;
  images_alone.input = input;
  const Eye eye{images_alone};
  return fit_observed(std::span(&eye, 1), "", sources, options, threads, observer);
}

std::vector<JudgedImage> judged_images(const Detector& detector, const NamedSet& set) {
  const std::vector<double> scores = detector_scores(detector, set.set, set.name);
  std::vector<JudgedImage> images;
  images.reserve(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const FeatureRow& row = set.set->index()[i];
    images.push_back({row.image, scores[i], row.bce, row.kld, set.name});
  }
  return images;
}

std::vector<double> detector_scores(const Detector& detector, const FeatureSet& set,
                                    const std::string& name) {
  if (detector.method != kClassifier && !is_feature_method(detector.method)) {
    throw InvalidArgument(
        fmt::format("{}: a feature set holds no images, which a {} detector looks at; "
                    "give folders of images, and --model",
                    name, detector.method));
  }
  return score_rows(detector, detector_view(detector, set, name));
}

std::vector<ResultRow> evaluate_detector(const Detector& detector, const NamedSet& inliers,
                                         std::span<const NamedSet> outliers,
                                         const std::string& method, int run) {
  std::vector<JudgedImage> out;
  for (const NamedSet& outlier : outliers) {
    for (JudgedImage& image : judged_images(detector, outlier)) {
      image.name = outlier.name;
      out.push_back(std::move(image));
    }
  }
  return judge(inliers.name, judged_images(detector, inliers), out, detector.threshold, method,
               run);
}

}  // namespace gradspace
