// Fitting a one-class method member by member.
#pragma once

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

}  // namespace gradspace
