#include "gradspace/detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "data/feature_columns.h"
#include "data/feature_matrix.h"
#include "data/feature_meta.h"
#include "detect/decision.h"
#include "detect/gradcon_file.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr const char* kKind = "detector";
constexpr const char* kMembers = "members";

std::string take(std::map<std::string, std::string>& metadata, const std::string& key,
                 const std::string& file) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) {
    throw FormatError(fmt::format("{}: not a detector: metadata \"{}\" is missing", file, key));
  }
  std::string value = std::move(found->second);
  metadata.erase(found);
  return value;
}

bool same_features(const FeatureBlock& a, const FeatureBlock& b) {
  return a.layer == b.layer && a.loss == b.loss && a.member == b.member &&
         a.projection == b.projection && a.end - a.begin == b.end - b.begin;
}

/// Nothing said stands for one.
std::size_t take_members(std::map<std::string, std::string>& metadata, const std::string& file) {
  const auto found = metadata.extract(kMembers);
  if (found.empty()) {
    return 1;
  }
  return static_cast<std::size_t>(integer_within(parse_json(found.mapped(), file), 1, kMaxMembers,
                                                 fmt::format("{}: \"{}\"", file, kMembers)));
}

}  // namespace

void check_columns(const std::vector<FeatureBlock>& columns, std::size_t members) {
  require_order(columns, members, "detector");
  for (std::size_t member = 0; !columns.empty() && member < members; ++member) {
    if (std::ranges::find(columns, member, &FeatureBlock::member) == columns.end()) {
      throw InvalidArgument(fmt::format(
          "detector: {}: nothing of member {}, and it looks at a model's first {} members",
          text(columns), member, members));
    }
  }
}

void Detector::validate() const {
  const bool says_what_it_takes = metadata.contains("tiles") || metadata.contains("input");
  const bool needs_model = !columns.empty() || !says_what_it_takes;
  if (method.empty() || (model_sha256.empty() && needs_model)) {
    throw InvalidArgument(
        fmt::format("detector: its {} is empty", method.empty() ? "method" : "model's SHA-256"));
  }
  if (std::isnan(threshold)) {
    throw InvalidArgument("detector: its threshold is NaN");
  }
  if (members < 1 || members > kMaxMembers) {
    throw InvalidArgument(
        fmt::format("detector: {} members; it has 1 to {}", members, kMaxMembers));
  }
  if (!two_sided.empty() && method != "classifier") {
    throw InvalidArgument(
        fmt::format("detector: {} is not two-sided, a classifier can be", method));
  }
  check_columns(columns, members);
  for (const auto& [name, tensor] : weights) {
    if (element_count(tensor.shape) != tensor.values.size()) {
      throw InvalidArgument(fmt::format("detector: tensor '{}' of shape {} holds {} values", name,
                                        shape_text(tensor.shape), tensor.values.size()));
    }
    // Its scores would be NaN too, of which none is over any threshold.
    if (std::ranges::any_of(tensor.values, [](float value) { return std::isnan(value); })) {
      throw InvalidArgument(fmt::format("detector: tensor '{}' holds NaN", name));
    }
  }
}

Detector read_detector(const std::filesystem::path& path) {
  SafeTensors file = read_safetensors(path, kKind, kGradConKind);
  if (file.metadata.at("kind") == kGradConKind) {
    return detector_of_gradcon_file(std::move(file), path);
  }
  Detector detector;
  const std::string where = path.string();
  detector.method = take(file.metadata, "method", where);
  const json columns = parse_json(take(file.metadata, "columns", where), where);
  if (columns != json::array()) {  // what looks at images alone has none
    detector.columns = parse_feature_columns(columns, where);
  }
  detector.model_sha256 = take(file.metadata, "model_sha256", where);
  const json threshold = parse_json(take(file.metadata, "threshold", where), where);
  if (!threshold.is_number()) {
    throw FormatError(
        fmt::format("{}: the threshold is {}, not a number", where, brief(threshold)));
  }
  detector.threshold = threshold.get<double>();
  detector.members = take_members(file.metadata, where);
  try {
    detector.calibration = Calibration::take_from(file.tensors);
    detector.two_sided = TwoSided::take_from(file.tensors);
    detector.weights = std::move(file.tensors);
    detector.metadata = std::move(file.metadata);
    detector.validate();
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", where, error.what()));
  }
  return detector;
}

void write_detector(const std::filesystem::path& path, const Detector& detector) {
  detector.validate();
  SafeTensors file;
  file.tensors = detector.weights;
  file.tensors.merge(detector.calibration.tensors());
  if (!detector.two_sided.empty()) {
    file.tensors.merge(detector.two_sided.tensors());
  }
  file.metadata = detector.metadata;
  file.metadata["method"] = detector.method;
  file.metadata["columns"] = feature_columns_to_json(detector.columns).dump();
  file.metadata["model_sha256"] = detector.model_sha256;
  file.metadata["threshold"] = json(detector.threshold).dump();
  if (detector.members > 1) {
    file.metadata[kMembers] = json(detector.members).dump();
  }
  write_safetensors(path, kKind, std::move(file));
}

std::size_t find_columns(const std::vector<FeatureBlock>& set_columns,
                         const std::vector<FeatureBlock>& wanted, const std::string& name) {
  for (std::size_t start = 0; start + wanted.size() <= set_columns.size(); ++start) {
    bool fits = true;
    for (std::size_t i = 0; i < wanted.size() && fits; ++i) {
      fits = same_features(set_columns[start + i], wanted[i]);
    }
    if (fits) {
      return set_columns[start].begin;
    }
  }
  if (!wanted.empty() && wanted.front().projection) {
    const FeatureProjection& of = *wanted.front().projection;
    throw InvalidArgument(fmt::format(
        "{}: the feature set does not hold the detector's projection; extract it with --features "
        "{} --project {} --project-seed {}",
        name, of.features, wanted.front().end - wanted.front().begin, of.seed));
  }
  throw InvalidArgument(fmt::format(
      "{0}: the feature set does not hold {1} side by side; extract it with --features {1}", name,
      text(wanted)));
}

std::vector<FeatureView> detector_views(const Detector& detector, const FeatureSet& set,
                                        const std::string& name) {
  const bool no_model = detector.model_sha256 == kNoModel;
  if (no_model != (set.meta().model_sha256 == kNoModel)) {
    throw InvalidArgument(fmt::format(
        "{}: is a {}, but the detector was fitted to {}", name,
        no_model ? "feature set of a model" : "matrix of features that no model of ours made",
        no_model ? "matrices of features" : "feature sets of a model"));
  }
  if (no_model && set.dimension() != dimension(detector.columns)) {
    throw InvalidArgument(fmt::format("{}: has {} columns, the detector takes {}", name,
                                      set.dimension(), dimension(detector.columns)));
  }
  if (set.meta().model_sha256 != detector.model_sha256) {
    throw InvalidArgument(
        fmt::format("{}: the features were made by another model (SHA-256 {:.12}...) than the "
                    "detector's ({:.12}...)",
                    name, set.meta().model_sha256, detector.model_sha256));
  }
  const Decoding decoding = decoding_in(detector.metadata).value_or(Decoding::kExact);
  if (set.meta().decoding != decoding) {
    throw InvalidArgument(fmt::format(
        "{}: the features are of images of {} decoding, but the detector is for images of {} "
        "decoding",
        name, gradspace::name(set.meta().decoding), gradspace::name(decoding)));
  }
  std::vector<FeatureView> views;
  for (std::size_t member = 0; member < detector.members; ++member) {
    std::vector<FeatureBlock> wanted = blocks_of_member(detector.columns, member);
    for (FeatureBlock& block : wanted) {
      block.member = member;
    }
    const std::size_t begin = find_columns(set.meta().columns, wanted, name);
    views.push_back(view(set, begin, begin + dimension(wanted)));
  }
  return views;
}

}  // namespace gradspace
