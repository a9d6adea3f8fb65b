#include "gradspace/fit_features.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

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

Detector fit_feature_rows(const CleanFeatures& sets, const FeatureFitOptions& options) {
  Detector detector;
  detector.method = options.method;
  detector.model_sha256 = sets.clean->meta().model_sha256;
  record_decoding(sets.clean->meta().decoding, detector.metadata);
  detector.columns = choose_columns(sets.clean, options.features);
  detector.members = member_count(detector.columns);
  require_memory(options, dimension(blocks_of_member(detector.columns, 0)));
  const ClassData rows = class_data(detector, sets.clean, sets.validation, options.seed,
                                    HoldOutOf::kInliers, "inliers");
  conformal_rank(rows.validation.front().rows,
                 options.false_alarms);  // before the work, not after it
  std::vector<TensorMap> parts;
  for (const FeatureView& training : rows.training) {
    parts.push_back(fit_feature_density(options.method, training));
  }
  put_parts(parts, detector);
  detector.calibration = Calibration(score_rows(detector, rows.validation));
  detector.threshold = detector.calibration.threshold(options.false_alarms);
  detector.metadata["options"] = dump_json(nlohmann::json{{"method", options.method},
                                                          {"features", options.features},
                                                          {"false_alarms", options.false_alarms},
                                                          {"seed", options.seed}});
  detector.metadata["training"] = nlohmann::json{
      {"inliers", rows.training.front().rows},
      {"validation_inliers",
       rows.validation.front().rows}}.dump();
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

}  // namespace gradspace
