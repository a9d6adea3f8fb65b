// The golden model and numbers of tests/data/ood.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/file.h"
#include "gradspace/model.h"
#include "gradspace/npy.h"
#include "support/test_files.h"

namespace gradspace::testing {

inline Tensor golden(const std::string& name) {
  return read_npy(data_file("ood/" + name + ".npy"));
}

inline Model golden_model() {
  Model model;
  for (const LayerInfo& layer : layers(model.spec)) {
    for (const char* kind : {".weight", ".bias"}) {
      model.weights[layer.name + kind] = golden("weight." + layer.name + kind);
    }
  }
  return model;
}

inline constexpr std::size_t kGoldenImages = 19;

/// [19, 28, 28, 3].
inline std::vector<std::uint8_t> golden_images() {
  const std::vector<std::uint8_t> bytes = read_file(data_file("ood/images_u8_nhwc.npy"));
  const std::size_t offset = parse_npy_header(bytes, "images").data_offset;
  return {bytes.begin() + static_cast<std::ptrdiff_t>(offset), bytes.end()};
}

/// Norm of the difference over norm of what was wanted.
inline double relative_error(std::span<const float> got, std::span<const float> wanted) {
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double error = static_cast<double>(got[i]) - static_cast<double>(wanted[i]);
    difference += error * error;
    norm += static_cast<double>(wanted[i]) * static_cast<double>(wanted[i]);
  }
  return difference == 0 ? 0 : std::sqrt(difference / norm);
}

}  // namespace gradspace::testing
