// One-class detectors of rows of features, whoever made them: densities that look at nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "detect/one_class/density.h"
#include "gradspace/classifier.h"
#include "gradspace/detector.h"
#include "gradspace/one_class.h"

namespace gradspace {

/// In the order in which help lists them.
const std::vector<OneClassMethodInfo>& feature_density_methods();

/// Bytes that fitting takes for the covariance of so many columns; 0 for methods without one.
std::uint64_t feature_density_memory(std::string_view method, std::size_t columns);

/// The tensors of a detector. Throws InvalidArgument for a method that is not known, fewer than two rows, a value
/// that is not finite, or columns that are all constant.
TensorMap fit_feature_density(std::string_view method, const FeatureView& clean);

/// The same from the moments of the rows. Throws InvalidArgument also for a method that takes the rows themselves.
TensorMap fit_feature_density(std::string_view method, const Moments& clean);

/// Whether `name` is one of them.
bool is_feature_density(std::string_view name);

/// Of a detector that was fitted by one of the methods. Throws InvalidArgument when its tensors do not fit.
std::unique_ptr<Density> load_feature_density(const Detector& detector);

/// One score a row, larger = more out of distribution. Throws InvalidArgument for rows of another width.
std::vector<double> score_rows(const Density& density, const FeatureView& rows);
/// The same into `scores`, in memory that is kept.
void score_rows(const Density& density, const FeatureView& rows, ScoreMemory& memory,
                std::span<double> scores);

}  // namespace gradspace
