// A matrix of features of one's own, a NumPy file of any name, in the place of a feature set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradspace/feature_set.h"

namespace gradspace {

/// Stands in the place of a model's SHA-256: no model made these features that gradspace knows.
inline constexpr const char* kNoModel = "no model";

/// float32 values [rows, columns], all finite.
struct FeatureMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::span<const std::uint8_t> bytes;  ///< of the file, or of `copied`
  std::vector<float> copied;  ///< what is not float32 in the file, or does not lie evenly there

  const float* values() const { return reinterpret_cast<const float*>(bytes.data()); }
};

/// Out of the bytes of a file, float16, float32 or float64, which outlive the matrix. Its size is checked before memory
/// is taken. Throws FormatError that starts with `name` for other types or shapes, no row or no column, a file of
/// another size than its shape has, and for the first value that is NaN, infinite, or too large for float32.
FeatureMatrix parse_feature_matrix(std::span<const std::uint8_t> bytes, const std::string& name);

/// One block, "feature", and no model.
FeatureSetMeta feature_matrix_meta(const FeatureMatrix& matrix, const std::string& source);

/// Row `i` as the index of a set would have it: a clean image "mine.npy#12".
FeatureRow feature_matrix_row(const std::string& source, std::size_t i);

}  // namespace gradspace
