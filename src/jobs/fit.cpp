#include "gradspace/fit.h"

#include <fmt/format.h>

#include <algorithm>
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
#include "detect/feature_density.h"
#include "detect/hold_out.h"
#include "detect/observation.h"
#include "detect/one_class/method.h"
#include "gradspace/error.h"
#include "gradspace/fit_features.h"
#include "gradspace/train.h"
#include "jobs/feature_rows.h"
#include "jobs/options.h"

namespace gradspace {
namespace {

constexpr const char* kClassifier = "classifier";

}  // namespace

std::vector<FeatureBlock> choose_columns(const FeatureSet& set, const std::string& features) {
  std::vector<FeatureBlock> chosen;
  if (features.empty()) {
    chosen = set.meta().columns;
  }
  for (std::size_t at = 0; at < features.size();) {
    const std::size_t comma = std::min(features.find(',', at), features.size());
    const std::string wanted = features.substr(at, comma - at);
    const auto& columns = set.meta().columns;
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const FeatureBlock& block) {
      return text(block) == wanted;
    });
    if (found == columns.end()) {
      throw InvalidArgument(
          fmt::format("features: \"{}\" is not in the set, which holds {}", wanted, text(columns)));
    }
    chosen.push_back(*found);
    at = comma + 1;
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
  return {{"method", kClassifier},
          {"features", options.features},
          {"epochs", options.classifier.epochs},
          {"batch", options.classifier.batch},
          {"learning_rate", options.classifier.learning_rate},
          {"seed", options.classifier.seed},
          {"false_alarms",
           options.false_alarms ? nlohmann::json(*options.false_alarms) : nlohmann::json(nullptr)}};
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
  ClassifierEpoch best;
  const auto watch = [&](const ClassifierEpoch& epoch) {
    if (best.epoch == 0 || epoch.validation_loss < best.validation_loss) {
      best = epoch;
    }
    if (on_epoch) {
      on_epoch(epoch);
    }
  };
  const Classifier classifier = train_classifier(in.training, out.training, in.validation,
                                                 out.validation, options.classifier, watch);
  put_classifier(classifier, in.validation, options.false_alarms, detector);
  detector.metadata["options"] = dump_json(options_record(options));
  detector.metadata["training"] = nlohmann::json{
      {"best_epoch", best.epoch},
      {"train_loss", best.train_loss},
      {"validation_loss", best.validation_loss},
      {"inliers", in.training.rows},
      {"outliers", out.training.rows},
      {"validation_inliers", in.validation.rows},
      {"validation_outliers",
       out.validation.rows}}.dump();
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

/// What observes clean images: a model, or nothing but their size.
struct Eye {
  const AutoencoderSpec& spec;  ///< without a model, its input alone
  const Model* model = nullptr;
};

/// The images of a source as they are observed; they hold on to their pixels.
Observations observe_source(const Source& source, const Eye& eye, const ObservationNeeds& needs,
                            Watched& watched) {
  const auto images = std::make_shared<const ImageStore>(
      source, eye.spec.input,
      [&](std::size_t done, std::size_t total) { watched.progress(done, total); });
  for (const std::string& failure : images->failures()) {
    watched.failure(failure);
  }
  const std::span<const std::uint8_t> pixels = images->images(0, images->size());
  Observations observed =
      eye.model == nullptr ? observe_pixels(eye.spec.input, pixels)
                           : observe([&] { return make_native_backend(*eye.model, needs.blocks); },
                                     needs, eye.spec, pixels);
  observed.pixels_owner = images;
  return observed;
}

struct CleanObservations {
  Observations train;
  Observations validation;
};

/// Validation images are those of their own source, or held out of the clean ones.
CleanObservations observe_clean(const CleanSources& sources, const Eye& eye,
                                const ObservationNeeds& needs, std::uint64_t seed,
                                Watched& watched) {
  const auto observed = [&](const Source& source) {
    return observe_source(source, eye, needs, watched);
  };
  if (sources.validation != nullptr) {
    return {observed(sources.clean), observed(*sources.validation)};
  }
  const Source& all = sources.clean;
  const HoldOut hold_out = sources.hold_out.value_or(default_hold_out(all.size()));
  if (hold_out == HoldOut::kRandom) {
    const Observations train = observed(all);
    const HeldOutPositions positions = hold_out_positions(train.count, seed, HoldOutOf::kInliers);
    return {select(train, positions.kept), select(train, positions.held)};
  }
  constexpr std::uint32_t kHeldFolds = 2;  // of ten
  std::vector<std::uint32_t> candidates(all.size());
  std::iota(candidates.begin(), candidates.end(), 0U);
  const SplitPositions split =
      split_positions(all, candidates, hold_out, kHeldFolds,
                      combine(seed, static_cast<std::uint64_t>(HoldOutOf::kInliers)));
  const std::shared_ptr<const Source> lent(&all, [](const Source*) {});
  return {observed(*select(lent, split.kept)), observed(*select(lent, split.held))};
}

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

Detector fit_observed(const Eye& eye, const CleanSources& sources, const OneClassOptions& options,
                      int threads, const JobObserver& observer) {
  options.validate();
  require_threads(threads, "fit");
  const OneClassMethod& method = one_class_method(options.method);
  if (method.needs_model && eye.model == nullptr) {
    throw InvalidArgument(fmt::format("fit: {} wants a model", method.name));
  }
  Watched watched(observer);
  return in_arena(threads, [&] {
    const ObservationNeeds needs = method.needs(eye.spec);
    check_memory(method, eye.spec, options.memory_gib);
    watched.remark(memory_remark(options.method, eye.spec));
    const Extent& input = eye.spec.input;
    watched.remark(shrinking_remark(sources.clean, input.width, input.height));
    const CleanObservations clean = observe_clean(sources, eye, needs, options.seed, watched);
    remark_on_held_copies(looks_of(clean.train), looks_of(clean.validation), watched);
    OneClassData data{eye.spec, "", clean.train, clean.validation, {}};
    if (eye.model != nullptr) {
      data.model_sha256 = fingerprint(*eye.model);
      data.make_backend = [&eye](std::vector<FeatureBlock> blocks) {
        return make_native_backend(*eye.model, std::move(blocks));
      };
    }
    return fit_one_class(data, options);
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
  return fit_observed({model.spec, &model}, sources, options, threads, observer);
}

Detector fit_to_images(const Extent& input, const CleanSources& sources,
                       const OneClassOptions& options, int threads, const JobObserver& observer) {
  require_input(input, "fit");
  AutoencoderSpec images_alone;
  images_alone.input = input;
  return fit_observed({images_alone}, sources, options, threads, observer);
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
  if (is_feature_method(detector.method)) {
    return score_rows(*load_feature_density(detector), detector_view(detector, set, name));
  }
  if (detector.method != kClassifier) {
    throw InvalidArgument(
        fmt::format("{}: a feature set holds no images, which a {} detector looks at; "
                    "give folders of images, and --model",
                    name, detector.method));
  }
  return Classifier(detector.weights).score(detector_view(detector, set, name));
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
