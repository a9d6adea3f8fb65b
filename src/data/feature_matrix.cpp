#include "data/feature_matrix.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <optional>

#include "core/npy_values.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"

namespace gradspace {
namespace {

/// The header of a file that holds as many values as it says.
NpyHeader checked_matrix_header(std::span<const std::uint8_t> bytes, const std::string& name) {
  NpyHeader header = parse_npy_header(bytes, name);
  const bool is_float = is_floating(header.type);
  if (!is_float || header.shape.size() != 2 || header.shape[0] == 0 || header.shape[1] == 0) {
    throw FormatError(
        fmt::format("{}: {} of shape {}; features are float16, float32 or float64 [rows, columns]",
                    name, is_float ? "a matrix" : "whole numbers", shape_text(header.shape)));
  }
  const std::size_t item = npy_item_size(header.type);
  const std::size_t there = bytes.size() - header.data_offset;
  if (there % item != 0 || there / item != element_count(header.shape)) {
    throw FormatError(
        fmt::format("{}: shape {} takes {} values of {} bytes, and {} bytes are there: {}", name,
                    shape_text(header.shape), element_count(header.shape), item, there,
                    there / item < element_count(header.shape) ? "truncated" : "damaged"));
  }
  return header;
}

std::vector<float> copied_values(std::span<const std::uint8_t> data, NpyType type,
                                 std::size_t count) {
  std::vector<float> values(count);
  copy_npy_values(data, type, values);
  return values;
}

void require_finite(const FeatureMatrix& matrix, const std::string& name) {
  const float* const values = matrix.values();
  for (std::size_t i = 0; i < matrix.rows * matrix.columns; ++i) {
    if (!std::isfinite(values[i])) {
      throw FormatError(fmt::format("{}: the value in row {}, column {} (from 0) is {}", name,
                                    i / matrix.columns, i % matrix.columns,
                                    std::isnan(values[i]) ? "NaN" : "not within float32"));
    }
  }
}

}  // namespace

FeatureMatrix parse_feature_matrix(std::span<const std::uint8_t> bytes, const std::string& name) {
  const NpyHeader header = checked_matrix_header(bytes, name);
  FeatureMatrix matrix;
  matrix.rows = static_cast<std::size_t>(header.shape[0]);
  matrix.columns = static_cast<std::size_t>(header.shape[1]);
  matrix.bytes = bytes.subspan(header.data_offset);
  const auto address = reinterpret_cast<std::uintptr_t>(matrix.bytes.data());
  if (header.type != NpyType::kFloat32 || address % alignof(float) != 0) {
    matrix.copied = copied_values(matrix.bytes, header.type, matrix.rows * matrix.columns);
    matrix.bytes = {reinterpret_cast<const std::uint8_t*>(matrix.copied.data()),
                    matrix.copied.size() * sizeof(float)};
  }
  require_finite(matrix, name);
  return matrix;
}

FeatureSetMeta feature_matrix_meta(const FeatureMatrix& matrix, const std::string& source) {
  FeatureSetMeta meta;
  meta.columns = {{"feature", std::nullopt, 0, matrix.columns}};
  meta.model_sha256 = kNoModel;
  meta.source = source;
  meta.options_json = "{}";
  meta.source_images = matrix.rows;
  return meta;
}

FeatureRow feature_matrix_row(const std::string& source, std::size_t i) {
  FeatureRow row;
  row.image.path = fmt::format("{}#{}", std::filesystem::path(source).filename().string(), i);
  return row;
}

}  // namespace gradspace
