// Fitting a one-class method into a detector.
#include "gradspace/one_class.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "data/feature_columns.h"
#include "detect/decision.h"
#include "detect/observation.h"
#include "detect/one_class/method.h"
#include "detect/one_class_fit.h"
#include "gradspace/error.h"

namespace gradspace {

using nlohmann::json;

json extent_json(const Extent& extent) {
  return {extent.channels, extent.height, extent.width};
}

void OneClassOptions::validate() const {
  const OneClassMethod& chosen = one_class_method(method);
  parse_distortions(distortions);
  if (!distortions.empty() && !chosen.distorts) {
    throw InvalidArgument(fmt::format("fit: {} learns from no distorted copies", method));
  }
  if (!(false_alarms > 0 && false_alarms < 1)) {
    throw InvalidArgument(
        fmt::format("fit: a rate of false alarms of {} is not between 0 and 1", false_alarms));
  }
  if (!(memory_gib > 0)) {
    throw InvalidArgument(fmt::format("fit: a memory of {} GiB is not over 0", memory_gib));
  }
}

namespace {

/// What images are made to before a method sees them.
std::string preprocessing(bool has_model) {
  return json{
      {"colour", has_model ? "RGB or grey as the model takes it" : "RGB"},
      {"resize", "bilinear, antialiased, as Pillow's"},
      {"scale", "divided by 255"},
      {"decode", name(Decoding::kExact)},  // where not, whoever reads the images says so
  }
      .dump();
}

}  // namespace

OneClassFit::OneClassFit(const OneClassOptions& options) : options_(options) {
  options.validate();
  detector_.method = options.method;
  json record = {
      {"method", options.method}, {"false_alarms", options.false_alarms}, {"seed", options.seed}};
  if (!options.distortions.empty()) {
    record["distortions"] = options.distortions;
  }
  detector_.metadata["options"] = record.dump();
}

void OneClassFit::add_member(const OneClassData& data) {
  const OneClassMethod& method = one_class_method(options_.method);
  if (method.needs_model && !data.make_backend) {
    throw InvalidArgument(fmt::format("fit: {} wants a model", options_.method));
  }
  check_memory(method, data.spec, options_.memory_gib);
  conformal_rank(data.validation->count, options_.false_alarms);  // before the work, not after it
  detector_.metadata[kInputKey] = extent_json(data.spec->input).dump();
  const std::size_t member = parts_.size();
  detector_.model_sha256 = data.model_sha256;
  detector_.metadata["preprocessing"] = preprocessing(static_cast<bool>(data.make_backend));
  for (FeatureBlock block : method.needs(data.spec).blocks) {
    block.member = member;
    append_block(detector_.columns, std::move(block));
  }
  const auto observe_more = [&](const ObservationNeeds& needs,
                                std::span<const std::uint8_t> images) {
    return observe_by(data.make_backend, needs, data.spec, images);
  };
  const std::uint64_t seed = member_seed(options_.seed, member);
  parts_.push_back(method.fit(
      {data.spec, data.train, observe_more, seed, parse_distortions(options_.distortions)}));
  clean_scores_.push_back(method.load(parts_.back(), data.spec)->score(data.validation));
  detector_.metadata["training"] =
      json{{"inliers", data.train->count}, {"validation_inliers", data.validation->count}}.dump();
}

Detector OneClassFit::finish() {
  put_parts(parts_, detector_);
  detector_.calibration = Calibration(means_of(clean_scores_));
  detector_.threshold = detector_.calibration.threshold(options_.false_alarms);
  return std::move(detector_);
}

Detector fit_by_members(const Model* model, const AutoencoderSpec& spec,
                        const OneClassOptions& options,
                        const std::function<CleanObservations(const Model* member)>& observe) {
  const bool asks_members = model != nullptr && one_class_method(options.method).needs_model;
  const std::string sha256 = model == nullptr ? "" : fingerprint(*model);
  OneClassFit fit(options);
  for (std::size_t i = 0; i < (asks_members ? model->members() : 1); ++i) {
    std::optional<Model> held;
    if (model != nullptr) {
      held = member_of(*model, i);
    }
    const Model* const member = held ? &*held : nullptr;
    const CleanObservations clean = observe(member);
    fit.add_member({spec, sha256, clean.train, clean.validation, native_backends(member)});
  }
  return fit.finish();
}

Detector fit_one_class(const OneClassData& data, const OneClassOptions& options) {
  OneClassFit fit(options);
  fit.add_member(data);
  return fit.finish();
}

}  // namespace gradspace
