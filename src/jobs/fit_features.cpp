#include "gradspace/fit_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/arena.h"
#include "core/json.h"
#include "detect/decision.h"
#include "detect/feature_density.h"
#include "gradspace/error.h"
#include "jobs/feature_rows.h"
#include "jobs/options.h"

namespace gradspace {
namespace {

constexpr double kBytesOfGib = 1 << 30;

/// Before the work: a covariance of many columns takes all the memory there is.
void require_memory(const FeatureFitOptions& options, std::size_t columns) {
  const auto gib =
      static_cast<double>(feature_density_memory(options.method, columns)) / kBytesOfGib;
  if (gib > options.memory_gib) {
    throw InvalidArgument(
        fmt::format("fit: {} takes {:.1f} GiB of memory for the covariance of {} columns, and may "
                    "take {:.4g}; independent-gaussian and nearest-neighbour have none",
                    options.method, gib, columns, options.memory_gib));
  }
}

/// A detector without tensors, of the columns that the options name.
Detector begin_detector(const FeatureSetMeta& meta, const FeatureFitOptions& options) {
  Detector detector;
  detector.method = options.method;
  detector.model_sha256 = meta.model_sha256;
  record_decoding(meta.decoding, detector.metadata);
  detector.columns = choose_columns(meta.columns, options.features);
  detector.members = member_count(detector.columns);
  require_memory(options, dimension(blocks_of_member(detector.columns, 0)));
  return detector;
}

/// Puts the tensors into the detector, and calibrates it. `training` says what it learned from.
void finish_detector(const std::vector<TensorMap>& parts,
                     const std::vector<FeatureView>& validation, const FeatureFitOptions& options,
                     nlohmann::json training, Detector& detector) {
  put_parts(parts, detector);
  detector.calibration = Calibration(score_rows(detector, validation));
  detector.threshold = detector.calibration.threshold(options.false_alarms);
  detector.metadata["options"] = dump_json(nlohmann::json{{"method", options.method},
                                                          {"features", options.features},
                                                          {"false_alarms", options.false_alarms},
                                                          {"seed", options.seed}});
  training["validation_inliers"] = validation.front().rows;
  detector.metadata["training"] = training.dump();
}

Detector fit_feature_rows(const CleanFeatures& sets, const FeatureFitOptions& options) {
  Detector detector = begin_detector(sets.clean->meta(), options);
  const ClassData rows = class_data(detector, sets.clean, sets.validation, options.seed,
                                    HoldOutOf::kInliers, "inliers");
  conformal_rank(rows.validation.front().rows,
                 options.false_alarms);  // before the work, not after it
  std::vector<TensorMap> parts;
  for (const FeatureView& training : rows.training) {
    parts.push_back(fit_feature_density(options.method, training));
  }
  finish_detector(parts, rows.validation, options,
                  nlohmann::json::object({{"inliers", rows.training.front().rows}}), detector);
  return detector;
}

/// Where the columns of a detector's member stand among those of the moments.
std::vector<std::size_t> places_of(const std::vector<FeatureBlock>& wanted, std::size_t member,
                                   const std::vector<FeatureBlock>& columns) {
  std::vector<std::size_t> places;
  for (const FeatureBlock& block : wanted) {
    if (block.member != member) {
      continue;
    }
    const auto found = std::ranges::find_if(columns, [&](const FeatureBlock& other) {
      return other.layer == block.layer && other.loss == block.loss && other.member == member;
    });
    for (std::size_t k = found->begin; k < found->end; ++k) {
      places.push_back(k);
    }
  }
  return places;
}

Detector fit_feature_moments(const FeatureMoments& clean, const FeatureSet& validation,
                             const FeatureFitOptions& options) {
  Detector detector = begin_detector(clean.meta, options);
  const std::vector<FeatureView> rows =
      detector_views(detector, validation, "inliers validation set");
  conformal_rank(rows.front().rows, options.false_alarms);  // before the work, not after it
  std::vector<TensorMap> parts;
  for (std::size_t member = 0; member < detector.members; ++member) {
    parts.push_back(fit_feature_density(
        options.method,
        clean.moments.of_columns(places_of(detector.columns, member, clean.meta.columns))));
  }
  finish_detector(parts, rows, options,
                  nlohmann::json::object(
                      {{"inliers", clean.moments.rows}, {"moments", name(clean.moments.kind)}}),
                  detector);
  return detector;
}

}  // namespace

const std::vector<OneClassMethodInfo>& feature_methods() {
  return feature_density_methods();
}

bool is_feature_method(std::string_view name) {
  return is_feature_density(name);
}

void FeatureFitOptions::validate() const {
  if (!is_feature_method(method)) {
    throw InvalidArgument(fmt::format("fit: {} is no method for features", method));
  }
  if (!(false_alarms > 0 && false_alarms < 1)) {
    throw InvalidArgument(
        fmt::format("fit: a rate of false alarms of {} is not between 0 and 1", false_alarms));
  }
  if (!(memory_gib > 0)) {
    throw InvalidArgument(fmt::format("fit: a memory of {} GiB is not over 0", memory_gib));
  }
  require_threads(threads, "fit");
}

Detector fit_to_features(const CleanFeatures& sets, const FeatureFitOptions& options) {
  options.validate();
  return in_arena(options.threads, [&] { return fit_feature_rows(sets, options); });
}

Detector fit_to_moments(const FeatureMoments& clean, const FeatureSet& validation,
                        const FeatureFitOptions& options) {
  options.validate();
  return in_arena(options.threads, [&] { return fit_feature_moments(clean, validation, options); });
}

}  // namespace gradspace
