// The original code's model and what it gives (tests/data/ood).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/file.h"
#include "gradspace/model.h"
#include "gradspace/npy.h"
#include "support/test_files.h"

namespace gradspace::testing {

inline constexpr std::size_t kGoldenImages = 19;

inline Tensor golden(const std::string& name) {
  return read_npy(data_file("ood/" + name + ".npy"));
}

inline Model golden_model() {
  Model model;
  for (const LayerInfo& layer : layers(model.spec)) {
    for (const char* part : {".weight", ".bias"}) {
      model.weights[layer.name + part] = golden("weight." + layer.name + part);
    }
  }
  return model;
}

/// [19,28,28,3].
inline std::vector<std::uint8_t> golden_images() {
  const std::vector<std::uint8_t> file = read_file(data_file("ood/images_u8_nhwc.npy"));
  const std::size_t size = kGoldenImages * Model().spec.input.size();
  return {file.end() - static_cast<std::ptrdiff_t>(size), file.end()};
}

}  // namespace gradspace::testing
