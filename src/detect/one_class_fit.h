// Fitting a one-class method member by member.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gradspace/one_class.h"

namespace gradspace {

/// Metadata of a one-class detector: the extent of its images.
inline constexpr const char* kInputKey = "input";

/// [channels, height, width].
nlohmann::json extent_json(const Extent& extent);

/// A one-class method fitted to what the members of one model say of the same clean images.
class OneClassFit {
 public:
  /// Throws as OneClassOptions::validate.
  explicit OneClassFit(const OneClassOptions& options);

  /// Fits to the next member's observations. Throws as `fit_one_class`.
  void add_member(const OneClassData& data);

  /// Calibrated on the parts' scores of the validation images together. At least one member was added.
  Detector finish();

 private:
  OneClassOptions options_;
  Detector detector_;
  std::vector<TensorMap> parts_;
  std::vector<std::vector<double>> clean_scores_;  ///< of the validation images, by part
};

/// What is said of clean images to learn from, and of others that judge what was learned.
struct CleanObservations {
  Observations train;
  Observations validation;
};

/// Fits to what each of the model's members says on the native engine: `observe` is given one after the other. Where
/// the model is null, or the method looks at the pixels alone, once; `observe` is given null for the former. Throws as
/// OneClassFit.
Detector fit_by_members(const Model* model, const AutoencoderSpec& spec,
                        const OneClassOptions& options,
                        const std::function<CleanObservations(const Model* member)>& observe);

}  // namespace gradspace
